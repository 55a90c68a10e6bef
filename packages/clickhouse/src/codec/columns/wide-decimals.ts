import type { Canonical, DecimalField } from '@quantumtrade/dal-domain';
import { DECIMAL_SCALE, formatDecimal } from '@quantumtrade/dal-domain';
import { decimalType } from '../sql-columns.js';
import type { Refuse } from './column-writer.js';
import { unitsOfNumber, unitsOfText } from './decimals.js';
import { FixedWidthWriter } from './fixed-width.js';

const UNIT = 10 ** DECIMAL_SCALE;
const TWO_TO_32 = 2 ** 32;
/** Whole numbers whose units a number holds. */
const SMALL = Math.floor(Number.MAX_SAFE_INTEGER / UNIT);
/** Whole numbers of up to 52 bits are multiplied as two halves of 26 bits, so that every product is exact. */
const HALF = 2 ** 26;
const LARGE = HALF ** 2;

/** `Decimal(38, 8)`: Int128 units of 10^-8 in four 32-bit elements, the lowest first. */
export class WideDecimalWriter extends FixedWidthWriter<Int32Array> {
  readonly #min: number;

  constructor(field: DecimalField) {
    super(field, decimalType(field), new Int32Array(), 4);
    this.#min = field.min ?? -Infinity;
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'number') {
      if (value >= this.#min && this.#putNumber(value, row)) return undefined;
    } else if (typeof value === 'string') {
      const units = unitsOfText(value);
      if (units >= this.#min) {
        this.#write(units, row);
        return undefined;
      }
    }
    return this.judge(value, row);
  }

  #putNumber(value: number, row: number): boolean {
    if (Math.floor(value) === value && value >= -SMALL && value < LARGE) {
      if (value <= SMALL) this.#write(value * UNIT, row);
      else this.#writeWhole(value, row);
    } else {
      const units = unitsOfNumber(value);
      if (Number.isNaN(units)) return false;
      this.#write(units, row);
    }
    return true;
  }

  /** Puts the values at these positions: units in a `BigInt64Array`, whole numbers in a `BigUint64Array`. */
  putAll(source: BigInt64Array | BigUint64Array, selection: Uint32Array, firstRow: number, refuse: Refuse) {
    const areUnits = source instanceof BigInt64Array;
    const halves = new Int32Array(source.buffer, source.byteOffset, 2 * source.length);
    const { view } = this;
    const largest = areUnits ? -1 : SMALL;
    const lowest = areUnits && this.#min < 0 ? -Infinity : 0;
    for (let k = 0; k < selection.length; k++) {
      const index = selection[k]!;
      const at = 4 * (firstRow + k);
      const low = halves[2 * index]!;
      const high = halves[2 * index + 1]!;
      if (high === 0 && low >= 0 && low <= largest) {
        view[at] = Math.imul(low, UNIT);
        view[at + 1] = (low * UNIT) / TWO_TO_32;
        view[at + 2] = view[at + 3] = 0;
      } else if (areUnits && high >= lowest) {
        view[at] = low;
        view[at + 1] = high;
        view[at + 2] = view[at + 3] = high >> 31;
      } else {
        const value = areUnits ? formatDecimal(source[index]!) : source[index];
        const reason = this.put(value, firstRow + k);
        if (reason !== undefined) refuse(index, reason);
      }
    }
  }

  store(value: Canonical, row: number): void {
    let rest = value as bigint;
    for (let element = 0; element < 4; element++, rest >>= 32n) {
      this.view[4 * row + element] = Number(BigInt.asIntN(32, rest));
    }
  }

  /** Writes units that a number holds. */
  #write(units: number, row: number): void {
    const { view } = this;
    const at = 4 * row;
    const high = Math.floor(units / TWO_TO_32);
    view[at] = units;
    view[at + 1] = high;
    view[at + 2] = view[at + 3] = high >> 31;
  }

  /** Writes a whole number that is not negative. */
  #writeWhole(whole: number, row: number): void {
    const upperHalf = Math.floor(whole / HALF);
    const upper = upperHalf * UNIT;
    const upperHead = Math.floor(upper / 64);
    const tail = (upper - upperHead * 64) * HALF + (whole - upperHalf * HALF) * UNIT;
    const carry = Math.floor(tail / TWO_TO_32);
    const head = upperHead + carry;
    const { view } = this;
    const at = 4 * row;
    view[at] = tail;
    view[at + 1] = head;
    view[at + 2] = Math.floor(head / TWO_TO_32);
    view[at + 3] = 0;
  }
}

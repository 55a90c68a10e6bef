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

  /** Puts the units of a `BigInt64Array`, or the whole numbers of a `BigUint64Array`, at these positions. */
  putAll(source: BigInt64Array | BigUint64Array, selection: Uint32Array, firstRow: number, refuse: Refuse) {
    const halves = new Int32Array(source.buffer, source.byteOffset, 2 * source.length);
    const areUnits = source instanceof BigInt64Array;
    for (let k = 0; k < selection.length; k++) {
      const index = selection[k]!;
      const row = firstRow + k;
      const low = halves[2 * index]!;
      const high = halves[2 * index + 1]!;
      const whole = (high >>> 0) * TWO_TO_32 + (low >>> 0);
      if (areUnits && (high >= 0 || this.#min < 0)) this.#writeUnits(low, high, row);
      else if (!areUnits && whole < LARGE) this.#writeWhole(whole, row);
      else {
        const reason = this.judge(areUnits ? formatDecimal(source[index]!) : source[index], row);
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

  #write(units: number, row: number): void {
    const high = Math.floor(units / TWO_TO_32);
    this.#writeUnits(units - high * TWO_TO_32, high, row);
  }

  #writeUnits(low: number, high: number, row: number): void {
    const at = 4 * row;
    this.view[at] = low;
    this.view[at + 1] = high;
    this.view[at + 2] = this.view[at + 3] = high < 0 ? -1 : 0;
  }

  /** Writes a whole number that is not negative. */
  #writeWhole(whole: number, row: number): void {
    const upperHalf = Math.floor(whole / HALF);
    const upper = upperHalf * UNIT;
    const upperHead = Math.floor(upper / 64);
    const tail = (upper - upperHead * 64) * HALF + (whole - upperHalf * HALF) * UNIT;
    const carry = Math.floor(tail / TWO_TO_32);
    const head = upperHead + carry;
    const at = 4 * row;
    this.view[at] = tail - carry * TWO_TO_32;
    this.view[at + 1] = head;
    this.view[at + 2] = Math.floor(head / TWO_TO_32);
    this.view[at + 3] = 0;
  }
}

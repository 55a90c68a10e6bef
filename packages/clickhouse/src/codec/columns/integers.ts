import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { FixedWidthWriter, SixtyFourBitWriter } from './fixed-width.js';

/** `UInt8`, `UInt16`, `UInt32`. */
export class UIntWriter extends FixedWidthWriter<Uint8Array | Uint16Array | Uint32Array> {
  readonly #max: number;

  constructor(field: Field, bits: 8 | 16 | 32) {
    super(
      field,
      `UInt${bits}`,
      bits === 8 ? new Uint8Array() : bits === 16 ? new Uint16Array() : new Uint32Array(),
    );
    this.#max = 2 ** bits - 1;
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'number' && value >>> 0 === value && value <= this.#max) {
      this.view[row] = value;
      return undefined;
    }
    return this.judge(value, row);
  }

  store(value: Canonical, row: number): void {
    this.view[row] = value as number;
  }
}

const UINT64_LIMIT = (1n << 64n) - 1n;

/** `UInt64`, from safe integers and from bigints. */
export class UInt64Writer extends SixtyFourBitWriter {
  constructor(field: Field) {
    super(field, 'UInt64');
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'number') {
      if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) {
        this.write(value, row);
        return undefined;
      }
    } else if (typeof value === 'bigint' && value >= 0n && value <= UINT64_LIMIT) {
      this.writeBigInt(value, row);
      return undefined;
    }
    return this.judge(value, row);
  }

  protected putHalves(low: number, high: number, row: number): undefined {
    this.writeHalves(low, high, row);
  }

  store(value: Canonical, row: number): void {
    this.writeBigInt(value as bigint, row);
  }
}

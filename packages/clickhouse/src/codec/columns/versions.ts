import type { Canonical } from '@quantumtrade/dal-domain';
import { SixtyFourBitWriter } from './fixed-width.js';

/** `DateTime64(8, 'UTC')`: Int64 units of 10 ns since the epoch, from bigints. */
export class VersionWriter extends SixtyFourBitWriter {
  constructor() {
    super({ kind: 'instant' }, "DateTime64(8, 'UTC')");
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value !== 'bigint') return 'must be a bigint';
    this.writeBigInt(value, row);
    return undefined;
  }

  protected putHalves(low: number, high: number, row: number): undefined {
    this.writeHalves(low, high, row);
  }

  store(value: Canonical, row: number): void {
    this.writeBigInt(value as bigint, row);
  }
}

import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { FixedWidthWriter } from './fixed-width.js';

/** By character code, what a hexadecimal digit is worth; all other characters are -1. */
const WORTH = Int8Array.from({ length: 0x80 }, (_, code) => {
  const digit = parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

const LENGTH = 36;
const DASH = 0x2d;
const DASHES = [8, 13, 18, 23];

/** `UUID`: two UInt64, the first half of the digits and the second, each little-endian. */
export class UuidWriter extends FixedWidthWriter<Int32Array> {
  constructor(field: Field) {
    super(field, 'UUID', new Int32Array(), 4);
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'string' && value.length === LENGTH && this.#write(value, row)) return undefined;
    return this.judge(value, row);
  }

  store(value: Canonical, row: number): void {
    this.#write(value as string, row);
  }

  /** Eight digits are one 32-bit element; of two elements the later digits come first. */
  #write(text: string, row: number): boolean {
    let element = 0;
    let digits = 0;
    let worst = 0;
    for (let i = 0; i < LENGTH; i++) {
      const code = text.charCodeAt(i);
      if (code === DASH && DASHES.includes(i)) continue;
      const digit = code < 0x80 ? WORTH[code]! : -1;
      worst |= digit;
      element = (element << 4) | digit;
      digits++;
      if (digits % 8 === 0) this.view[4 * row + ((digits / 8 - 1) ^ 1)] = element;
    }
    return worst >= 0 && digits === LENGTH - DASHES.length;
  }
}

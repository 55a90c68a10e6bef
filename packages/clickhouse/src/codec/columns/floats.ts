import type { Canonical, Field } from '@quantumtrade/dal-domain';
import type { ColumnValues } from './column-writer.js';
import { FixedWidthWriter } from './integers.js';

type FloatField = Extract<Field, { kind: 'float32' | 'float64' }>;

/** Numbers above it may still round down to it; the domain checks them. */
const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/** `Float32` and `Float64`. Zero has no sign. */
export class FloatWriter extends FixedWidthWriter<Float32Array | Float64Array> {
  readonly #single: boolean;
  readonly #min: number;
  readonly #max: number;

  constructor(field: FloatField) {
    const single = field.kind === 'float32';
    super(field, single ? 'Float32' : 'Float64', single ? new Float32Array() : new Float64Array());
    this.#single = single;
    const limit = single ? LARGEST_FLOAT32 : Number.MAX_VALUE;
    this.#min = Math.max(field.min ?? -Infinity, -limit);
    this.#max = Math.min(field.max ?? Infinity, limit);
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'number' && value >= this.#min && value <= this.#max) {
      const float = (this.#single ? Math.fround(value) : value) + 0;
      if (float !== 0 || value === 0) {
        this.view[row] = float;
        return undefined;
      }
    }
    return this.judge(value, row);
  }

  store(value: Canonical, row: number): void {
    this.view[row] = value as number;
  }

  values(rows: number): ColumnValues {
    return this.view.slice(0, rows);
  }
}

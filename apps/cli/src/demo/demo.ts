import type { DatabaseAbstraction } from '@quantumtrade/dal';

/** What every part of the demo works with. */
export interface Demo {
  readonly database: DatabaseAbstraction;
  readonly call: { readonly signal: AbortSignal };
  /** The index first, then the generated ones. */
  readonly symbols: readonly string[];
}

export const GENERATED_SOURCE = 'demo-generated';

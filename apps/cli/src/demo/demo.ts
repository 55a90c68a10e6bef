import type { DatabaseAbstraction } from '@quantumtrade/dal';

/** The context of all parts of the demo. */
export interface Demo {
  readonly database: DatabaseAbstraction;
  readonly call: { readonly signal: AbortSignal };
  /** The index first, then the generated ones. */
  readonly symbols: readonly string[];
}

export const GENERATED_SOURCE = 'demo-generated';

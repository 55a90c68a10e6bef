import type { PickPurpose } from './endpoints/endpoint-picker.js';

/** Endpoints and limits of a read. */
export interface ReadKind {
  readonly purpose: PickPurpose;
  readonly maxRows: number;
  /** Bytes of the decompressed answer. */
  readonly maxBytes: number;
}

/**
 * Reads of the adapter itself, which stay far below the limits. They look for what was written, so that a replica, which may be
 * behind, must not answer them.
 */
export const LOOKUP: ReadKind = { purpose: 'primary', maxRows: 10_000_000, maxBytes: 2 ** 30 };

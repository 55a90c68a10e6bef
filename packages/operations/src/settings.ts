/** The settings of the archive of stored blocks. The `memory` backend has none. */
export const ARCHIVE_SETTINGS = {
  /**
   * Directory of blocks that are not in the object store of `[backup]` yet, on this machine's disk. Processes may share it. Without
   * it, nothing is archived.
   */
  directory: { kind: 'path' },
  /** Longest time that a block waits for the object store while that answers. */
  intervalMs: { kind: 'duration', default: 10_000, inFile: 'milliseconds' },
  /** Size of blocks at which they are moved to the object store without waiting. */
  maxSegmentBytes: { kind: 'count', min: 1, default: 16_777_216, unit: 'bytes' },
  /** Size of the directory, for each process, above which writes are refused until the object store takes blocks. */
  maxSpoolBytes: { kind: 'count', min: 1, default: 4_294_967_296, unit: 'bytes' },
} as const;

/** Event of a journal, for logs and metrics. */
export type JournalEvent =
  /** At opening: an unfinished write was removed. */
  | {
      readonly type: 'tail-truncated';
      readonly segment: string;
      readonly start: number;
      readonly bytes: number;
    }
  /** A range without an intact record. `file` is its copy, missing when the disk refused it. */
  | {
      readonly type: 'quarantined';
      readonly segment: string;
      readonly start: number;
      readonly end: number;
      readonly file?: string;
    }
  /** At opening: a path with a segment's name is not a regular file and is ignored. */
  | { readonly type: 'not-a-file'; readonly path: string }
  /** At opening: the cursor could not be read. Delivery starts from the oldest record. */
  | { readonly type: 'cursor-damaged' }
  /** A sync failed. Its records are written again to a new segment. */
  | { readonly type: 'sync-failed'; readonly segment: string; readonly cause: unknown }
  /** Delivered segments could not be removed. The next advance tries again. */
  | { readonly type: 'reclaim-failed'; readonly cause: unknown };

export type JournalEventListener = (event: JournalEvent) => void;

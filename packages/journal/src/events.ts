/** What happens to a journal besides its calls' outcomes: for logs and metrics. */
export type JournalEvent =
  /** At opening: a write that had not finished was cut off. */
  | {
      readonly type: 'tail-truncated';
      readonly segment: string;
      readonly start: number;
      readonly bytes: number;
    }
  /** A range that holds no intact record. `file` is its copy, missing where the disk refused it. */
  | {
      readonly type: 'quarantined';
      readonly segment: string;
      readonly start: number;
      readonly end: number;
      readonly file?: string;
    }
  /** At opening: what has a segment's name is no file (a directory, say). It is left alone. */
  | { readonly type: 'not-a-file'; readonly path: string }
  /** At opening: the cursor could not be read, so delivery starts from the oldest record. */
  | { readonly type: 'cursor-damaged' }
  /** A sync failed; its records are written again, to a new segment. */
  | { readonly type: 'sync-failed'; readonly segment: string; readonly cause: unknown }
  /** Delivered segments could not be removed; it is tried again at the next advance. */
  | { readonly type: 'reclaim-failed'; readonly cause: unknown };

export type JournalEventListener = (event: JournalEvent) => void;

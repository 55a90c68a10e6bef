import { keysOf } from '../arguments.js';
import type { RecordName } from '../records/records.js';
import type { ColumnQuery, PageQuery, RowSelection, RowStreamQuery, StreamQuery } from './parameters.js';

const SELECTION = { symbol: true, symbols: true, startTime: true, endTime: true, filters: true } as const;
const ROWS = { ...SELECTION, select: true, order: true, direction: true, maxScanRows: true } as const;

/** The keys of {@link RowSelection}. */
export const SELECTION_KEYS = keysOf<RowSelection>(SELECTION);
/** The keys of {@link PageQuery}. */
export const PAGE_KEYS = keysOf<PageQuery<RecordName>>({
  ...ROWS,
  instants: true,
  limit: true,
  cursor: true,
  count: true,
});
/** The keys of {@link ColumnQuery}. */
export const COLUMN_KEYS = keysOf<ColumnQuery<RecordName>>({ ...ROWS, limit: true });
/** The keys of {@link StreamQuery}. */
export const STREAM_KEYS = keysOf<StreamQuery<RecordName>>({ ...ROWS, limit: true, batchRows: true });
/** The keys of {@link RowStreamQuery}. */
export const ROW_STREAM_KEYS = keysOf<RowStreamQuery<RecordName>>({
  ...ROWS,
  instants: true,
  limit: true,
  batchRows: true,
});

import type { Rule } from '../rule.js';
import type { RowRead } from '../row-query.js';
import type { QuerySettings } from '../table-query.js';

/** Each thread has blocks of its own. Sorts and groups above the bytes are continued on the server's disk. */
export const LESS_MEMORY: QuerySettings = {
  max_threads: 1,
  max_block_size: 8_192,
  max_bytes_before_external_sort: 2 ** 24,
  max_bytes_before_external_group_by: 2 ** 24,
};

/** Reads with one thread, in small blocks, and sorts on the server's disk what is large. */
export const lessMemory: Rule<RowRead> = {
  name: 'less-memory',
  apply(query) {
    return {
      query: { ...query, settings: { ...query.settings, ...LESS_MEMORY } },
      why: 'one thread with small blocks holds fewer rows, and large sorts continue on disk',
    };
  },
};

import type { CompleteSettings } from '../settings.js';

/** Settings of one request, by name. */
export type SessionSettings = Readonly<Record<string, string | number>>;

/**
 * Settings sent with every query, whatever the profile of the user or of the server says. Each of them, set otherwise, changes
 * which rows an answer has, what their values are, or whether an acknowledged row is stored. The engine applies them at no
 * measurable cost.
 */
export const PINNED_SETTINGS: SessionSettings = {
  // A limit that is reached is an error, never a shorter answer.
  distinct_overflow_mode: 'throw',
  group_by_overflow_mode: 'throw',
  join_overflow_mode: 'throw',
  read_overflow_mode: 'throw',
  read_overflow_mode_leaf: 'throw',
  result_overflow_mode: 'throw',
  set_overflow_mode: 'throw',
  sort_overflow_mode: 'throw',
  timeout_overflow_mode: 'throw',
  timeout_overflow_mode_leaf: 'throw',
  transfer_overflow_mode: 'throw',

  // An answer has all rows that its query asks for.
  limit: 0,
  offset: 0,
  max_result_bytes: 0,
  additional_table_filters: '{}',
  additional_result_filter: '',
  skip_unavailable_shards: 0,
  partial_result_on_first_cancel: 0,
  discard_query_data: 0,
  distributed_group_by_no_merge: 0,
  // Rows of copies that share a read by a key come one copy after the other, whatever their order.
  max_parallel_replicas: 1,
  ignore_cold_parts_seconds: 0,
  prefer_warmed_unmerged_parts_seconds: 0,
  optimize_trivial_approximate_count_query: 0,
  empty_result_for_aggregation_by_empty_set: 0,
  // They are those of now, never of an earlier moment.
  use_query_cache: 0,

  // One version of each key, the newest, and no row that was deleted.
  final: 0,
  apply_deleted_mask: 1,
  apply_patch_parts: 1,
  apply_mutations_on_fly: 0,
  // The partition follows from the key, so that versions of one row are never in two of them.
  do_not_merge_across_partitions_select_final: 1,
  // A condition on a column outside the key, or its index, must not choose between versions before FINAL does.
  optimize_move_to_prewhere_if_final: 0,
  use_skip_indexes_if_final_exact_mode: 1,

  // Expressions have their documented meaning.
  aggregate_functions_null_for_empty: 0,
  group_by_use_nulls: 0,
  join_use_nulls: 0,
  transform_null_in: 0,
  prefer_column_name_to_alias: 0,
  decimal_check_overflow: 1,
  precise_float_parsing: 1,
  session_timezone: 'UTC',
  extremes: 0,
  // Compiled max and min take instants before 1970 for the greatest ones.
  compile_aggregate_expressions: 0,

  // Queries are ClickHouse's SQL, and answers have the head that the server gives them.
  dialect: 'clickhouse',
  http_response_headers: '{}',

  // Bound instants are ISO texts.
  date_time_input_format: 'best_effort',

  // Native answers name their types and keep dictionaries.
  output_format_native_encode_types_in_binary_format: 0,
  low_cardinality_allow_in_native_format: 1,

  // An error behind rows comes in the form that the reader looks for, and the head stays small.
  http_write_exception_in_output_format: 0,
  send_progress_in_http_headers: 0,

  // An insert is acknowledged when it is stored, as a whole, once, and nothing of it dropped or made up.
  async_insert: 0,
  wait_for_async_insert: 1,
  insert_deduplicate: 1,
  deduplicate_insert: 'enable',
  insert_distributed_sync: 1,
  use_strict_insert_block_limits: 0,
  // Replacing rows of one key within a block costs the engine as much as storing it; readers and merges do it anyway.
  optimize_on_insert: 0,
  input_format_connection_handling: 0,
  input_format_skip_unknown_fields: 0,
  input_format_defaults_for_omitted_fields: 1,
  input_format_force_null_for_omitted_fields: 0,
  input_format_native_allow_types_conversion: 1,
  input_format_native_decode_types_in_binary_format: 0,

  // A table is created as its migration says.
  data_type_default_nullable: 0,
  create_if_not_exists: 0,
  ignore_drop_queries_probability: 0,
};

/**
 * Returns settings by which replicated copies acknowledge an insert; none without such copies. Concurrent inserts wait for their own quorum
 * alone, and for no longer than the call.
 */
export function quorumSettings({
  cluster,
  requestTimeoutMs,
}: Pick<CompleteSettings, 'cluster' | 'requestTimeoutMs'>): SessionSettings {
  if (cluster?.copies !== 'replicated') return {};
  return {
    insert_quorum: cluster.quorum === 'majority' ? 'auto' : 0,
    insert_quorum_parallel: 1,
    insert_quorum_timeout: requestTimeoutMs,
  };
}

/** Pinned settings that a server has. Costs no query until the server refuses a setting that it lacks. */
export class PinnedSettings {
  /** Part of the query string of every request, such as `&limit=0&offset=0`; built once. */
  queryString: string;
  readonly #more: SessionSettings;
  #known = Object.entries(PINNED_SETTINGS);

  /** Pins further settings, which every server has. */
  constructor(more: SessionSettings) {
    this.#more = more;
    this.queryString = this.#toQueryString();
  }

  /** Leaves out the settings that are not among the names of the server's settings. */
  restrictTo(names: ReadonlySet<string>): void {
    this.#known = this.#known.filter(([name]) => names.has(name));
    this.queryString = this.#toQueryString();
  }

  #toQueryString(): string {
    return [...this.#known, ...Object.entries(this.#more)]
      .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`)
      .join('');
  }
}

import type { RecordDefinition, RecordOf } from '@quantumtrade/dal-domain';
/**
 * Returns a function that gives frozen exact records the exactness that their readers ask for. The form in numbers is created
 * once for each record, and is shared and frozen as well.
 */
export declare function exactnessOf<D extends RecordDefinition>(definition: D): <E extends boolean>(record: RecordOf<D, true>, exact: E) => RecordOf<D, E>;

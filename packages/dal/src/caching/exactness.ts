import type { RecordDefinition, RecordOf } from '@quantumtrade/dal-domain';
import { withExactness } from '@quantumtrade/dal-domain';

/**
 * Returns a function that gives frozen exact records the exactness that their readers ask for. The form in numbers is created
 * once for each record, and is shared and frozen as well.
 */
export function exactnessOf<D extends RecordDefinition>(definition: D) {
  const inNumbers = new WeakMap<RecordOf<D, true>, RecordOf<D>>();
  return <E extends boolean>(record: RecordOf<D, true>, exact: E): RecordOf<D, E> => {
    if (exact) return record as RecordOf<D, E>;
    let numbers = inNumbers.get(record);
    if (numbers === undefined) {
      numbers = sharingMembers(withExactness(definition, record, false), record);
      inNumbers.set(record, numbers);
    }
    return numbers as RecordOf<D, E>;
  };
}

/** Returns the record, frozen, with the dates, lists and maps of one that is frozen already. */
function sharingMembers<T extends object>(record: T, frozen: Readonly<Record<string, unknown>>): T {
  const members = Object.entries(record).map(([name, member]) => [
    name,
    typeof member === 'object' ? frozen[name] : member,
  ]);
  return Object.freeze(Object.fromEntries(members) as T);
}

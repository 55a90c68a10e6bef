import { withExactness } from '@quantumtrade/dal-domain';
/**
 * Returns a function that gives frozen exact records the exactness that their readers ask for. The form in numbers is created
 * once for each record, and is shared and frozen as well.
 */
export function exactnessOf(definition) {
    const inNumbers = new WeakMap();
    return (record, exact) => {
        if (exact)
            return record;
        let numbers = inNumbers.get(record);
        if (numbers === undefined) {
            numbers = sharingMembers(withExactness(definition, record, false), record);
            inNumbers.set(record, numbers);
        }
        return numbers;
    };
}
/** Returns the record, frozen, with the dates, lists and maps of one that is frozen already. */
function sharingMembers(record, frozen) {
    const members = Object.entries(record).map(([name, member]) => [
        name,
        typeof member === 'object' ? frozen[name] : member,
    ]);
    return Object.freeze(Object.fromEntries(members));
}

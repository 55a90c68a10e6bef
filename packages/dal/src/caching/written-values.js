/**
 * Takes values out of a batch now, before its caller changes it, and returns a function that gives them out for the result of the
 * write. For a batch that was partly refused or superseded it gives none: only the store has the right values then.
 */
export function writtenValues(take) {
    let taken = [];
    try {
        taken = take();
    }
    catch {
        // The batch does not match its type: the store decides about it.
    }
    return ({ failedCount, supersededCount }) => (failedCount + supersededCount === 0 ? taken : []);
}
const PLAIN = new Set([Object.prototype, Array.prototype, Date.prototype, null]);
/** Returns whether reading the members again, at any depth, returns the same: none of them is an accessor. */
export function isPlainData(root) {
    const pending = [root];
    while (pending.length > 0) {
        const value = pending.pop();
        if (typeof value !== 'object' || value === null)
            continue;
        if (!PLAIN.has(Object.getPrototypeOf(value)))
            return false;
        const members = Object.getOwnPropertyDescriptors(value);
        for (const name in members) {
            const member = members[name];
            if (!('value' in member))
                return false;
            pending.push(member.value);
        }
    }
    return true;
}

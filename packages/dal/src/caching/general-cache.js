import { requireUnreserved, requireUnreservedPattern } from '@quantumtrade/dal-domain';
const KEY_ARGUMENTS = {
    get: 'key',
    getEntry: 'key',
    getEntryOrSet: 'key',
    getMany: 'keys',
    getEntries: 'keys',
    set: 'key',
    setMany: 'entries',
    setIfNewer: 'key',
    setIfUnchanged: 'key',
    replaceIfNewer: 'key',
    delete: 'key',
    deleteMany: 'keys',
    deleteWhere: 'pattern',
    exists: 'key',
};
/** Returns the cache port for any caller: keys of sessions and auth contexts are refused with `ValidationError`. */
export function generalCache(cache) {
    const inner = cache;
    const methods = {};
    for (const [name, argument] of Object.entries(KEY_ARGUMENTS)) {
        methods[name] = async (...args) => {
            requireUnreservedArgument(argument, args, `cache.${name}`);
            return inner[name](...args);
        };
    }
    return methods;
}
/** Refuses reserved keys. Arguments that are no key, list or pattern are left for the cache to refuse. */
function requireUnreservedArgument(argument, [first, second], operation) {
    if (argument === 'key')
        requireUnreserved(first, operation);
    else if (argument === 'pattern')
        requireUnreservedPattern(first, second, operation);
    else if (Array.isArray(first)) {
        const isEntries = argument === 'entries';
        // Array.from visits holes, too.
        for (const item of Array.from(first)) {
            requireUnreserved(isEntries ? item?.key : item, operation);
        }
    }
}

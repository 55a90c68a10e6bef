/** Reads the values of keys. Returns them by their keys, in the order of the keys, without keys that have no value. */
export async function cachedEntries(keys, { values, part, load, convert }, options) {
    const found = await values.getMany(keys.map((key) => ({ [part]: key })), (list, limits) => load(list.map((parts) => parts[part]), limits), options);
    const entries = new Map();
    for (const [i, value] of found.entries())
        if (value !== null)
            entries.set(keys[i], convert(value));
    return entries;
}

import { inspect } from 'node:util';

/** Returns everything that inspecting, spreading or serializing a value shows, with messages and causes of errors. */
export function shownForms(value: unknown): string {
  const all = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity } as const;
  const seen = new WeakSet<object>();
  const json = JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'bigint') return String(item);
    if (typeof item !== 'object' || item === null) return item;
    if (seen.has(item)) return undefined;
    seen.add(item);
    return item instanceof Error
      ? { ...item, message: item.message, stack: item.stack, cause: item.cause }
      : item;
  });
  const spread = typeof value === 'object' ? inspect({ ...value }, all) : '';
  return `${inspect(value, all)} ${json} ${spread}`;
}

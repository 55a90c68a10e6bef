/** Returns JSON with 64-bit integers as strings, because JSON numbers lose their digits. */
export const losslessJson = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member));

/** The payload that belongs to an id, so that whoever reads it back can tell whether it is whole. */
export const payloadOf = (id: string): Buffer =>
  Buffer.from(id.repeat(1 + ((id.length * 37 + id.charCodeAt(id.length - 1)) % 300)));

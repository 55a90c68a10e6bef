/** Returns the payload of an id, so that a reader can check whether it is complete. */
export const payloadOf = (id: string): Buffer =>
  Buffer.from(id.repeat(1 + ((id.length * 37 + id.charCodeAt(id.length - 1)) % 300)));

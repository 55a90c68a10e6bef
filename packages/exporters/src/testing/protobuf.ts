/** Fields of a protobuf message by number: bytes of texts and messages, bits of numbers. */
export type Message = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

/** Reads the fields of a message. */
export function readMessage(bytes: Buffer): Message {
  const fields = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const read = (length: number) => bytes.subarray(at, (at += length));
    const wire = tag & 7;
    const value = wire === 0 ? varint() : read(wire === 1 ? 8 : wire === 5 ? 4 : Number(varint()));
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

/** Returns the messages of a field. */
export const messages = (message: Message, field: number): Message[] =>
  ((message.get(field) ?? []) as Buffer[]).map(readMessage);

/** Returns the text of a field; undefined when it is missing. */
export const text = (message: Message, field: number): string | undefined =>
  (message.get(field)?.[0] as Buffer | undefined)?.toString();

/** Returns the double of a field. */
export const double = (message: Message, field: number): number =>
  (message.get(field)![0] as Buffer).readDoubleLE();

/** Returns the attributes of a message as texts. */
export const attributes = (message: Message, field: number): Record<string, string | undefined> =>
  Object.fromEntries(messages(message, field).map((each) => [text(each, 1), text(messages(each, 2)[0]!, 1)]));

import type { AnyColumns, Field, FieldKind, RecordName } from '@quantumtrade/dal-domain';
import { recordNames, records } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { MessageHeader, MessageReader, tableFromIPC } from 'apache-arrow';
import type { ArrowSource } from './arrow.js';
import { arrowStream, arrowTable } from './arrow.js';

/** A repository that returns these batches, and counts those that were asked for. */
function sourceOf(record: RecordName, batches: readonly (AnyColumns | Error)[]) {
  const state = { asked: 0, ended: false };
  const repository = {
    columns: async () => batches[0],
    async *streamColumns() {
      try {
        for (const batch of batches) {
          state.asked++;
          if (batch instanceof Error) throw batch;
          yield batch;
        }
      } finally {
        state.ended = true;
      }
    },
  };
  return { source: { [record]: repository } as unknown as ArrowSource<RecordName>, state };
}

const symbols = (dictionary: readonly string[], ...positions: number[]): AnyColumns => ({
  rowCount: positions.length,
  columns: { symbol: { dictionary, positions: Uint8Array.from(positions) } },
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The types of each kind, as Arrow prints them. */
const TYPES: Readonly<Record<FieldKind, string>> = {
  symbol: 'Dictionary<Int32, Utf8>',
  label: 'Dictionary<Int32, Utf8>',
  ...{ id: 'Utf8', text: 'Utf8', metadata: 'Utf8', uuid: 'Utf8' },
  texts: 'List<Utf8>',
  numbers: 'Map<{key:Utf8, value:Float64}>',
  instant: 'Timestamp<MILLISECOND, UTC>',
  decimal: 'Decimal[18e+8]',
  ...{ uint8: 'Uint8', uint16: 'Uint16', uint32: 'Uint32', uint64: 'Uint64' },
  ...{ float32: 'Float32', float64: 'Float64' },
};

const typeOf = (field: Field): string =>
  'precision' in field ? `Decimal[${field.precision}e+8]` : TYPES[field.kind];

describe('arrowTable', () => {
  it.each(recordNames)('%s has the types of its kinds', async (name) => {
    const backend = memoryTimeSeries();
    await backend.schema.initialize();
    const { schema } = await arrowTable(backend, name);
    expect(schema.fields.map((field) => [field.name, String(field.type), field.nullable])).toEqual(
      Object.entries<Field>(records[name].fields).map(([field, definition]) => [
        ...[field, typeOf(definition), definition.nullable ?? false],
      ]),
    );
  });

  it('uses typed arrays of the columns without a copy', async () => {
    const qualityScore = Uint8Array.of(1, 2);
    const timestamp = BigInt64Array.of(-1n, 0n);
    const { source } = sourceOf('marketData', [{ rowCount: 2, columns: { timestamp, qualityScore } }]);
    const table = await arrowTable(source, 'marketData', { select: ['timestamp', 'qualityScore'] });
    expect(table.getChild('qualityScore')!.toArray().buffer).toBe(qualityScore.buffer);
    expect(table.getChild('timestamp')!.toArray().buffer).toBe(timestamp.buffer);
  });

  it('refuses missing shards, which a table could not name', async () => {
    const { source } = sourceOf('marketData', [symbols(['A'], 0)]);
    const options = { missingShards: 'allowed' } as object;
    const refusal = { code: 'VALIDATION', field: 'missingShards' };
    await expect(arrowTable(source, 'marketData', {}, options)).rejects.toMatchObject(refusal);
  });

  it('refuses texts that exceed the offsets of the type', async () => {
    const text = 'x'.repeat(2 ** 27);
    const headline = Array.from({ length: 16 }, () => text);
    const { source } = sourceOf('sentiment', [{ rowCount: 16, columns: { headline } }]);
    await expect(arrowTable(source, 'sentiment', { select: ['headline'] })).rejects.toMatchObject({
      code: 'QUERY',
      message: expect.stringContaining('more than 2 GiB of text') as string,
    });
  });
});

describe('arrowStream', () => {
  const select = ['symbol'] as const;

  it('asks for a batch only when its bytes are asked for', async () => {
    const { source, state } = sourceOf('marketData', [symbols(['A'], 0), symbols(['B'], 0)]);
    const bytes = arrowStream(source, 'marketData', { select })[Symbol.asyncIterator]();
    expect(state.asked).toBe(0);
    await bytes.next();
    expect(state).toEqual({ asked: 1, ended: false });
    await bytes.return!();
    expect(state).toEqual({ asked: 1, ended: true });
  });

  it('fails without the end of the stream when the read fails', async () => {
    const failure = new Error('connection lost');
    const { source } = sourceOf('marketData', [symbols(['A'], 0), failure]);
    const bytes: Uint8Array[] = [];
    const read = async () => {
      for await (const part of arrowStream(source, 'marketData', { select })) bytes.push(part);
    };
    await expect(read()).rejects.toBe(failure);
    expect(bytes).toHaveLength(1);
    expect(endsAsStream(bytes[0]!)).toBe(false);
    const whole = Buffer.concat(
      await collect(
        arrowStream(sourceOf('marketData', [symbols(['A'], 0)]).source, 'marketData', { select }),
      ),
    );
    expect(endsAsStream(whole)).toBe(true);
  });

  it('repeats a dictionary only when its texts change', async () => {
    const batches = [
      symbols(['unused', 'B', 'A'], 2, 1, 2),
      symbols(['A', 'B'], 0, 1),
      symbols(['A', 'B'], 1, 0),
      symbols(['A', 'B'], 1),
    ];
    const { source } = sourceOf('marketData', batches);
    const bytes = Buffer.concat(await collect(arrowStream(source, 'marketData', { select })));
    expect(headersOf(bytes)).toEqual([
      ...['Schema', 'DictionaryBatch', 'RecordBatch', 'RecordBatch'],
      ...['DictionaryBatch', 'RecordBatch', 'DictionaryBatch', 'RecordBatch'],
    ]);
    const read = tableFromIPC(bytes);
    expect([...read.getChild('symbol')!]).toEqual(['A', 'B', 'A', 'A', 'B', 'B', 'A', 'B']);
  });
});

/** Returns the kinds of the messages of a stream. */
function headersOf(bytes: Uint8Array): string[] {
  const reader = new MessageReader(bytes);
  const headers: string[] = [];
  for (let message = reader.readMessage(); message; message = reader.readMessage()) {
    headers.push(MessageHeader[message.headerType]);
    reader.readMessageBody(message.bodyLength);
  }
  return headers;
}

/** Whether bytes end with the end of an IPC stream: the continuation indicator and a length of 0. */
const endsAsStream = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.slice(-8)).equals(Buffer.from('ffffffff00000000', 'hex'));

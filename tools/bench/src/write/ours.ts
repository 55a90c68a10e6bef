import type { BatchWriter, BatchWriterOptions, WriterStorage } from '@quantumtrade/dal';
import { DatabaseAbstraction } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { EncodedBlock } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters } from '@quantumtrade/dal-memory';
import type { BenchServer } from '../server.js';
import type { Form } from './forms.js';
import { rowObjects } from './forms.js';
import type { Records, WriteSide } from './side.js';

/** The data layer over a database of the server, with its tables. */
export interface Ours {
  open(options: BatchWriterOptions): Promise<BatchWriter>;
  /** Batches of a form through a writer. */
  through(writer: BatchWriter, form: Form): WriteSide;
  /** Batches through the repository, which also counts the new rows. */
  repository: WriteSide;
  /** The bytes in which a writer sends these rows. */
  encode(records: Records): EncodedBlock;
  close(): Promise<void>;
}

/** Keeps in memory what a writer cannot store. */
const inMemory: WriterStorage = {
  deadLetters: memoryDeadLetters(),
  openJournal: () => Promise.resolve(undefined),
};

export async function ours(
  server: BenchServer,
  database: string,
  storage: WriterStorage = inMemory,
): Promise<Ours> {
  const timeSeries = connectClickHouse({ ...server.settings, database });
  await timeSeries.schema.initialize();
  const layer = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend(), writing: { storage } });
  return {
    open: (options) => layer.batchWriter(options),
    through: (writer, form) => ({
      database,
      prepare: (records) => {
        const batch = form(records);
        return () => writer.write('marketData', batch);
      },
    }),
    repository: {
      database,
      prepare: (records) => () => timeSeries.marketData.insert({ source: 'bench', records }),
    },
    encode(records) {
      const collector = timeSeries.blocks.collect('marketData');
      collector.append(rowObjects(records));
      return collector.finish()[0]!;
    },
    close: () => layer.close(),
  };
}

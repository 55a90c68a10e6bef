import { eachSide, inRounds, spreads } from '../bench.js';
import type { Sides } from '../bench.js';
import { settleServer } from '../settle.js';
import { ofRounds } from '../loads.js';
import { sized } from '../sized.js';
import type { ReadCase } from './case.js';
import { inOwnProcess } from './own-process.js';
import type { StreamJob, StreamOutcome } from './streaming-process.js';
import type { PartState } from './tables.js';

const STREAMING_PROCESS = new URL('./streaming-process.js', import.meta.url);
const STATES = sized<readonly PartState[]>(['merged', 'inserted'], ['inserted']);
const MAX_ROUNDS = 3;
/** Wait of the slow reader between two batches of 10,000 rows. */
const SLOW_MS = 10;

/**
 * Streams rows in a process of its own for each measurement, so that the memory it needs is not among that of earlier cases.
 * The process first streams a hundredth of the rows; memory is counted from there.
 */
export const streaming: ReadCase = async function* ({ server, tables, scale }) {
  for (const state of STATES) {
    const table = await tables.of200(state);
    const job = { settings: server.settings, database: table.name, rows: scale.streamedRows, slowMs: 0 };
    const jobs: Sides<StreamJob> = {
      ours: { ...job, form: 'rows' },
      'ours, columns': { ...job, form: 'columns' },
      'ours, slow reader': { ...job, form: 'rows', slowMs: SLOW_MS },
      '@clickhouse/client stream()': { ...job, form: 'json' },
    };
    const runs = await inRounds(
      Math.min(MAX_ROUNDS, scale.rounds),
      eachSide(jobs, (job) => async () => {
        await settleServer(server);
        return inOwnProcess<StreamJob, StreamOutcome>(STREAMING_PROCESS, job);
      }),
    );
    const title = `${scale.streamedRows.toLocaleString('en-US')} rows streamed, ${state} parts`;
    yield ofRounds(
      { case: title, unit: 'rows/s', note: table.state },
      runs,
      ({ rowsPerSecond }) => rowsPerSecond,
    );
    yield ofRounds(
      { case: `${title}: processor time of the process for one row`, unit: 'ns' },
      runs,
      ({ cpuNanosPerRow }) => cpuNanosPerRow,
    );
    for (const kind of ['rss', 'external'] as const) {
      const what = kind === 'rss' ? 'resident memory' : 'memory outside the heap';
      yield spreads(
        { case: `${title}: peak of ${what} above the start`, unit: 'MiB' },
        eachSide(runs, (rounds) => rounds.map(({ peak }) => peak[kind])),
      );
    }
  }
};

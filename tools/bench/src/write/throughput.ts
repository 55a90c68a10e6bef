import type { Result, Sides } from '../bench.js';
import { compared, eachSide, inRounds, spreads } from '../bench.js';
import type { Memory } from '../memory.js';
import { watchMemory } from '../memory.js';
import type { BenchServer } from '../server.js';
import { settleServer } from '../settle.js';
import { benchBars } from './bars.js';
import type { WriteSide } from './side.js';
import { empty, inFlight } from './side.js';
import { sized } from '../sized.js';

const ROUNDS = sized(7, 1);

export interface Load {
  /** Rows of a batch, and batches of a measurement. */
  readonly size: number;
  readonly count: number;
  /** Batches under way at once, on every side. */
  readonly width: number;
}

/** Rows stored in a second, and what processor time and memory that takes of this process, beyond that of the rows. */
export async function* throughput(
  server: BenchServer,
  what: string,
  load: Load,
  sides: Sides<WriteSide>,
): AsyncGenerator<Result> {
  const measured = await inRounds(
    ROUNDS,
    eachSide(sides, (side) => () => measure(server, load, side)),
  );
  const title = `batches of ${load.size.toLocaleString('en-US')} ${what}, ${load.width} in flight`;
  const figures = (of: (measured: Measured) => number) => eachSide(measured, (rounds) => rounds.map(of));
  yield compared(
    { case: title, unit: 'rows/s' },
    figures(({ rowsPerSecond }) => rowsPerSecond),
  );
  yield compared(
    { case: `${title}: processor time of this process for 1,000 rows`, unit: 'µs' },
    figures(({ cpuMicros }) => cpuMicros),
  );
  const memory = (kind: string, of: (memory: Memory) => number) =>
    spreads(
      { case: `${title}: peak of ${kind} above the start`, unit: 'MiB' },
      figures((each) => of(each.memory)),
    );
  yield memory('resident memory', ({ rss }) => rss);
  yield memory('array buffers', ({ arrayBuffers }) => arrayBuffers);
}

interface Measured {
  readonly rowsPerSecond: number;
  /** For 1,000 rows. */
  readonly cpuMicros: number;
  readonly memory: Memory;
}

async function measure(
  server: BenchServer,
  { size, count, width }: Load,
  side: WriteSide,
): Promise<Measured> {
  const source = benchBars(size);
  const sends = Array.from({ length: count }, () => side.prepare(source.next().value));
  await settleServer(server);
  const peak = watchMemory();
  const cpu = process.cpuUsage();
  const started = performance.now();
  await inFlight(sends, width);
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const memory = peak();
  await empty(server, side);
  return {
    rowsPerSecond: Math.round((size * count) / seconds),
    cpuMicros: ((user + system) * 1_000) / (size * count),
    memory,
  };
}

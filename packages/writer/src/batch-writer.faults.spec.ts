import type { DeadLetterStore, MarketDataBatch } from '@quantumtrade/dal-domain';
import { openJournal } from '@quantumtrade/dal-journal';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { Random, seeds, SimulatedDisk, turn } from '@quantumtrade/dal-testing';
import { bars, MONTH_MS, storedSymbols } from '@quantumtrade/dal-testing/records';
import type { BatchWriter } from './batch-writer.js';
import { openBatchWriter } from './block-batch-writer.js';
import { fileDeadLetters } from './dead-letters/file-dead-letters.js';
import { RowsRefusedError } from './errors.js';
import { replayDeadLetters } from './dead-letters/replay.js';
import type { Durability, WriteReceipt } from './buffers/pending-write.js';
import { FaultyStore } from './testing/faulty-store.js';

const GAVE_UP = new Error('the caller gave up');

interface Call {
  readonly symbols: readonly string[];
  readonly isBad: boolean;
  outcome?: { receipt: WriteReceipt } | { error: unknown };
}

/** A process that opens a writer on the journal of the one before, writes, and ends in some way. */
class WriterProcess {
  readonly calls: Call[] = [];
  readonly #simulation: WriterSimulation;
  readonly #writer: BatchWriter;
  readonly end: { alive: boolean };

  constructor(simulation: WriterSimulation, writer: BatchWriter, end: { alive: boolean }) {
    this.#simulation = simulation;
    this.#writer = writer;
    this.end = end;
  }

  write(): void {
    const { random, clock } = this.#simulation;
    const call: Call = {
      symbols: Array.from({ length: random.below(7) }, () => this.#simulation.newSymbol()),
      isBad: random.chance(0.05),
    };
    const timestampOf = () => random.below(3) * MONTH_MS;
    const batch: MarketDataBatch = bars(call.symbols, timestampOf, call.isBad ? '' : 'test');
    const giveUp = new AbortController();
    if (random.chance(0.15)) clock.after(random.below(300), () => giveUp.abort(GAVE_UP));
    const deadline = random.chance(0.2) ? clock.now() + random.below(300) : undefined;
    this.calls.push(call);
    this.#writer.write('marketData', batch, { signal: giveUp.signal, deadline }).then(
      (receipt) => (call.outcome = this.end.alive ? { receipt } : undefined),
      (error: unknown) => (call.outcome = this.end.alive ? { error } : undefined),
    );
  }

  /** Closes the writer. After the deadline no call may be pending, whatever the store does. */
  async close(): Promise<void> {
    const { random, clock, disk } = this.#simulation;
    const deadline = clock.now() + random.below(3_000);
    let closed = false;
    const ending = () => (closed = true);
    this.#writer.close({ deadline }).then(ending, ending);
    while (!closed && clock.now() <= deadline && disk.hasPower) await this.#simulation.advance(50);
    await turn();
    if (!disk.hasPower) return;
    expect(closed).toBe(true);
    expect(this.calls.filter(({ outcome }) => !outcome)).toEqual([]);
  }
}

class WriterSimulation {
  readonly random: Random;
  readonly clock = new ManualClock();
  readonly timeSeries = memoryTimeSeries();
  readonly store: FaultyStore;
  readonly disk: SimulatedDisk;
  readonly durability: Durability;
  readonly calls: Call[] = [];
  #symbols = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.store = new FaultyStore(this.timeSeries.blocks, this.random, this.clock);
    this.disk = new SimulatedDisk(this.random);
    this.durability = this.random.chance(0.6) ? 'journaled' : 'acknowledged';
  }

  newSymbol(): string {
    return `${this.random.chance(0.1) ? '!' : ''}S${++this.#symbols}`;
  }

  async advance(milliseconds: number): Promise<void> {
    await turn();
    this.clock.advance(milliseconds);
    await turn();
  }

  get deadLetters(): DeadLetterStore {
    return fileDeadLetters('/dead-letters', this.disk.fs);
  }

  /** Returns undefined when the disk fails. */
  async open(): Promise<WriterProcess | undefined> {
    const { random, clock, disk } = this;
    const end = { alive: true };
    const limits = random.chance(0.3) ? { maxBytes: 6_000, segmentBytes: 1_500 } : {};
    try {
      const journal = await openJournal({ directory: '/journal', fs: disk.fs, clock: clock, ...limits });
      const parts = {
        blocks: this.store.connect(() => end.alive && disk.hasPower),
        deadLetters: this.deadLetters,
        journal,
      };
      const writer = openBatchWriter(parts, {
        durability: this.durability,
        maxRows: 1 + random.below(20),
        maxAgeMs: random.below(40),
        maxInFlight: 1 + random.below(3),
        maxPendingBytes: 1 + random.below(6_000),
        retry: { initialDelayMs: 10, maxDelayMs: 200, random: () => random.next() },
        clock,
      });
      return new WriterProcess(this, writer, end);
    } catch {
      return undefined;
    }
  }

  async runProcess(): Promise<void> {
    const { random, disk } = this;
    Object.assign(
      disk.faults,
      random.chance(0.5) ? { shortWrite: 0.1, syncError: 0.02, renameError: 0.05 } : {},
    );
    if (random.chance(0.3)) disk.operationsLeft = random.below(300);
    const process = await this.open();
    if (process) {
      for (let steps = random.below(60); steps > 0 && disk.hasPower; steps--) {
        for (let writes = random.below(4); writes > 0; writes--) process.write();
        await this.advance(random.below(30));
      }
      if (disk.hasPower && random.chance(0.5)) await process.close();
      process.end.alive = false;
      this.calls.push(...process.calls);
    }
    if (random.chance(0.5)) disk.kill();
    else disk.crash();
    await turn();
  }

  /** Ends all faults and delivers the journal and the dead letters to the store. Returns the stored symbols. */
  async recover(): Promise<string[]> {
    this.store.isHealthy = true;
    Object.keys(this.disk.faults).forEach(
      (fault) => delete (this.disk.faults as Record<string, number>)[fault],
    );
    const process = await this.open();
    expect(process).toBeDefined();
    await process!.close();
    const ids = (await this.deadLetters.list()).map(({ id }) => id);
    const replayed = await replayDeadLetters(
      this.deadLetters,
      this.store.connect(() => true),
      ids,
    );
    expect(replayed.filter(({ outcome }) => outcome !== 'stored')).toEqual([]);
    expect(await this.deadLetters.list()).toEqual([]);
    return storedSymbols(this.timeSeries);
  }
}

const isKept = (error: unknown) => error instanceof RowsRefusedError && error.deadLetterId !== undefined;

describe.each(seeds(60))('with seed %i', (seed) => {
  it('writers lose no row, store none twice and settle every call', async () => {
    const simulation = new WriterSimulation(seed);
    for (let processes = 1 + simulation.random.below(4); processes > 0; processes--)
      await simulation.runProcess();
    const stored = new Set(await simulation.recover());
    const rows = [...simulation.store.stored.values()].reduce((sum, count) => sum + count, 0);
    expect(rows).toBe(stored.size);
    for (const { symbols, isBad, outcome } of simulation.calls) {
      const good = symbols.filter((symbol) => !symbol.startsWith('!'));
      if (isBad) {
        expect(good.filter((symbol) => stored.has(symbol))).toEqual([]);
        if (outcome) expect(outcome).toMatchObject({ error: expect.any(Error) });
      } else if (outcome && 'receipt' in outcome) {
        const { acceptedCount, errors } = outcome.receipt;
        expect(acceptedCount).toBe(good.length);
        expect(errors.map(({ index }) => symbols[index])).toEqual(symbols.filter((s) => s.startsWith('!')));
        expect(good.filter((symbol) => !stored.has(symbol))).toEqual([]);
      } else if (outcome && isKept(outcome.error)) {
        expect(good.filter((symbol) => !stored.has(symbol))).toEqual([]);
      } else if (outcome && outcome.error !== GAVE_UP) {
        expect(outcome.error).toMatchObject({ code: expect.stringMatching(/^(TIMEOUT|CONNECTION|QUERY)$/) });
      }
    }
  });
});

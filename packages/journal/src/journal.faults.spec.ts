import { setImmediate as turn } from 'node:timers/promises';
import { Random, seeds, SimulatedDisk } from '@quantumtrade/dal-testing';
import { openJournal, type Journal } from './journal.js';
import { Model } from './testing/model.js';

const directory = '/journal';

class Run {
  readonly #random: Random;
  readonly #disk: SimulatedDisk;
  readonly #model = new Model();
  /** Whether the cursor was found damaged at the last opening. */
  #cursorDamaged = false;
  /** Whether flipped bits, or a write in place on a full disk, may have damaged the cursor. */
  #cursorMayBeDamaged = false;
  readonly #sizes: { segmentBytes: number; maxBytes: number };

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#disk = new SimulatedDisk(this.#random);
    this.#sizes = {
      segmentBytes: 100 + this.#random.below(3000),
      maxBytes: 1000 + this.#random.below(20_000),
    };
  }

  get acknowledged(): number {
    return this.#model.acknowledgedCount;
  }

  /** Runs a journal several times, each ended by a clean close, SIGKILL or loss of power. */
  async play(lives: number, { flips }: { flips: boolean }): Promise<void> {
    for (let life = 0; life < lives; life++) {
      this.#arm();
      const journal = await this.#open().catch(() => undefined);
      if (journal) await this.#use(journal);
      if (this.#disk.hasPower && this.#random.chance(0.3)) this.#disk.kill();
      else this.#disk.crash();
      this.#disarm();
      if (flips) this.#flipBits();
      await this.#verify();
    }
  }

  #arm(): void {
    const probability = () => (this.#random.chance(0.4) ? this.#random.next() * 0.2 : 0);
    Object.assign(this.#disk.faults, {
      shortWrite: probability(),
      writeError: probability(),
      truncateError: probability(),
      syncError: probability(),
      directorySyncError: probability(),
      unlinkError: probability(),
      renameError: probability(),
    });
    this.#disk.capacity = this.#random.chance(0.3) ? this.#disk.used + this.#random.below(6000) : Infinity;
    this.#cursorMayBeDamaged ||= this.#disk.capacity < Infinity;
    this.#disk.operationsLeft = this.#random.chance(0.7) ? this.#random.below(400) : Infinity;
  }

  #disarm(): void {
    for (const fault of Object.keys(this.#disk.faults)) delete this.#disk.faults[fault as 'syncError'];
    this.#disk.capacity = Infinity;
    this.#disk.operationsLeft = Infinity;
  }

  #open(): Promise<Journal> {
    this.#cursorDamaged = false;
    return openJournal({
      directory,
      fs: this.#disk.fs,
      ...this.#sizes,
      onEvent: ({ type }) => (this.#cursorDamaged ||= type === 'cursor-damaged'),
    });
  }

  async #verify(): Promise<void> {
    const journal = await inTurns(this.#open());
    if (this.#cursorDamaged && !this.#cursorMayBeDamaged) throw new Error('the cursor was torn');
    await inTurns(this.#model.verify(journal, this.#cursorDamaged));
    await inTurns(journal.close());
  }

  async #use(journal: Journal): Promise<void> {
    let seen = 0;
    const reading = (async () => {
      for await (const record of journal.read()) {
        this.#model.deliver(record);
        seen = record.position;
        if (this.#random.chance(0.2)) void this.#advance(journal, seen);
      }
    })();
    reading.catch(() => undefined);
    const callers = Array.from({ length: 1 + this.#random.below(5) }, (_, caller) =>
      this.#call(journal, caller),
    );
    let done = false;
    void Promise.all(callers).then(() => (done = true));
    for (let turns = 0; !done && this.#disk.hasPower; turns++) {
      if (turns > 3000)
        throw new Error(
          `an append hangs at ${seen}: ${JSON.stringify(journal.stats())} ${JSON.stringify(this.#disk.faults)} ${this.#disk.capacity - this.#disk.used}`,
        );
      await turn();
      void this.#advance(journal, seen);
    }
    if (!this.#disk.hasPower || this.#random.chance(0.5)) return;
    await inTurns(journal.close().catch(() => undefined));
    if (this.#disk.hasPower) await inTurns(reading);
  }

  async #advance(journal: Journal, position: number): Promise<void> {
    this.#model.requested = Math.max(this.#model.requested, position);
    await journal.advance(position).then(
      () => (this.#model.confirmed = Math.max(this.#model.confirmed, position)),
      () => undefined,
    );
  }

  /** Appends chunks one after the other, with the appends of a chunk made at once. */
  async #call(journal: Journal, caller: number): Promise<void> {
    for (let chunks = this.#random.below(8); chunks > 0; chunks--) {
      const chunk = Array.from({ length: 1 + this.#random.below(6) }, async () => {
        const payload = this.#payload();
        const id = this.#model.begin(caller, payload);
        const cut = this.#random.below(payload.length + 1);
        await journal.append(id, [payload.subarray(0, cut), payload.subarray(cut)]).then(
          () => this.#model.acknowledge(id),
          () => undefined,
        );
      });
      await Promise.all(chunk);
    }
  }

  /** Returns random bytes, zeros, or a piece of the journal itself: records within a record. */
  #payload(): Buffer {
    if (this.#random.chance(0.1)) return Buffer.alloc(this.#random.below(300));
    if (this.#random.chance(0.1)) {
      const files = [...this.#disk.contents()].filter(([path]) => path.endsWith('.wal'));
      const [, content] = files[this.#random.below(files.length)] ?? [];
      if (content) return Buffer.from(content.subarray(0, 500));
    }
    return this.#random.bytes(this.#random.below(this.#random.chance(0.1) ? 2000 : 100));
  }

  #flipBits(): void {
    const files = [...this.#disk.contents()].filter(
      ([path, { length }]) => length > 0 && !path.includes('quarantine'),
    );
    for (let flips = this.#random.below(4); flips > 0 && files.length > 0; flips--) {
      const [path, content] = files[this.#random.below(files.length)]!;
      const byte = this.#random.below(content.length);
      this.#model.damage(content, byte);
      this.#cursorMayBeDamaged = true;
      this.#disk.flipBit(path, byte, this.#random.below(8));
    }
  }
}

/** Returns the outcome of work that waits for simulated operations only. */
async function inTurns<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  const mark = () => (settled = true);
  promise.then(mark, mark);
  for (let turns = 0; !settled; turns++) {
    if (turns > 100) throw new Error('it hangs');
    await turn();
  }
  return promise;
}

async function runs(count: number, options: { flips: boolean }): Promise<number> {
  let acknowledged = 0;
  for (const seed of seeds(count)) {
    const run = new Run(seed);
    await run.play(5, options).catch((error: unknown) => {
      throw new Error(`QT_SEED=${seed} QT_RUNS=1: ${String(error)}`, { cause: error });
    });
    acknowledged += run.acknowledged;
  }
  return acknowledged;
}

it('crashes and disk failures lose no acknowledged record', async () => {
  expect(await runs(60, { flips: false })).toBeGreaterThan(0);
}, 600_000);

it('flipped bits lose no record whose own bytes are intact', async () => {
  expect(await runs(60, { flips: true })).toBeGreaterThan(0);
}, 600_000);

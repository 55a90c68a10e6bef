import type { Journal } from '../journal.js';
import type { JournalRecord } from '../read-records.js';

interface Appended {
  readonly caller: number;
  readonly number: number;
  readonly payload: Buffer;
}

/** Model of a journal: the records appended, acknowledged and delivered. */
export class Model {
  readonly #appended = new Map<string, Appended>();
  readonly #acknowledged = new Set<string>();
  readonly #positions = new Map<string, number>();
  /** Ids of records whose stored bytes were damaged. */
  readonly #damaged = new Set<string>();
  readonly #numbers: number[] = [];
  #removedUpTo = 0;
  /** Highest position ever passed to `advance`, and highest it confirmed. */
  requested = 0;
  confirmed = 0;

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  /** Registers a record before its append. Returns its id. */
  begin(caller: number, payload: Buffer): string {
    const number = (this.#numbers[caller] = (this.#numbers[caller] ?? 0) + 1);
    const id = `<${caller}:${number}>`;
    this.#appended.set(id, { caller, number, payload });
    return id;
  }

  acknowledge(id: string): void {
    this.#acknowledged.add(id);
  }

  /** Checks a delivered record against the appended one. From now on it must not be lost before the cursor passes it. */
  deliver({ id, payload, position }: JournalRecord): void {
    const appended = this.#appended.get(id);
    if (!appended) throw new Error(`${JSON.stringify(id)} was never appended`);
    if (!appended.payload.equals(payload)) throw new Error(`${id} came with other bytes`);
    this.#positions.set(id, Math.min(position, this.#positions.get(id) ?? Infinity));
  }

  /** Marks the records that contain a byte of a file as damaged. */
  damage(file: Buffer, byte: number): void {
    for (const [id, { payload }] of this.#appended) {
      for (let at = file.indexOf(id); at !== -1; at = file.indexOf(id, at + 1)) {
        if (byte >= at - 28 && byte < at + id.length + payload.length) this.#damaged.add(id);
      }
    }
  }

  /** Checks all records that a recovered journal delivers. */
  async verify(journal: Journal, cursorWasDamaged: boolean): Promise<void> {
    const { cursor } = journal.stats();
    if (!cursorWasDamaged && cursor < this.confirmed) {
      throw new Error(`the cursor is ${cursor}, though ${this.confirmed} was confirmed`);
    }
    const delivered = new Set<string>();
    const newest: number[] = [];
    let last = cursor;
    for await (const record of journal.read({ follow: false })) {
      this.deliver(record);
      if (record.position <= last) throw new Error(`position ${record.position} came after ${last}`);
      last = record.position;
      const { caller, number } = this.#appended.get(record.id)!;
      if (!delivered.has(record.id) && number < (newest[caller] ?? 0)) {
        throw new Error(`${record.id} came after <${caller}:${newest[caller]}>`);
      }
      delivered.add(record.id);
      newest[caller] = Math.max(newest[caller] ?? 0, number);
    }
    // Without its cursor the journal delivers its remaining records again; the others had been delivered and removed.
    if (cursorWasDamaged) this.#removedUpTo = this.requested;
    const settledUpTo = Math.max(cursor, this.#removedUpTo);
    for (const id of new Set([...this.#acknowledged, ...this.#positions.keys()])) {
      const seen = (this.#positions.get(id) ?? Infinity) <= settledUpTo;
      if (!delivered.has(id) && !seen && !this.#damaged.has(id))
        throw new Error(`${id} is lost: at ${this.#positions.get(id)}, cursor ${cursor}`);
    }
    if (cursorWasDamaged) this.confirmed = cursor;
  }
}

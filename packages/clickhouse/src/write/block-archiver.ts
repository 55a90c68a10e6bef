import type { CallOptions, RecordName, TimeSource } from '@quantumtrade/dal-domain';
import type { BlockArchive } from '@quantumtrade/dal-domain/operations';

interface BlockToArchive {
  readonly token: string;
  readonly bytes: Uint8Array;
  readonly rowCount: number;
  readonly acknowledgedAt?: number | undefined;
}

/** Archives blocks after they are stored and before they count as stored. */
export class BlockArchiver {
  readonly #archive: Pick<BlockArchive, 'requireSpace' | 'append'>;
  readonly #clock: TimeSource;
  /** When the first attempt to store the bytes began (epoch milliseconds). */
  readonly #begunAt = new WeakMap<Uint8Array, number>();

  constructor(archive: Pick<BlockArchive, 'requireSpace' | 'append'>, clock: TimeSource) {
    this.#archive = archive;
    this.#clock = clock;
  }

  /** Stores a block by calling `store`, and archives it. Throws before that when the archive has no space. */
  async store<T>(
    record: RecordName,
    { token, bytes, rowCount, acknowledgedAt }: BlockToArchive,
    store: () => Promise<T>,
    options: CallOptions | undefined,
  ): Promise<T> {
    await this.#archive.requireSpace(bytes.length);
    const begunAt = this.#begunAt.get(bytes) ?? this.#clock.now();
    this.#begunAt.set(bytes, begunAt);
    const result = await store();
    const block = { record, id: token, rowCount, bytes, begunAt };
    await this.#archive.append(acknowledgedAt === undefined ? block : { ...block, acknowledgedAt }, options);
    this.#begunAt.delete(bytes);
    return result;
  }
}

import type { CallOptions, StoreReadOptions } from '@quantumtrade/dal-domain';
import { checkCall } from '@quantumtrade/dal-domain';
import type { TablesToRead } from './consistency/write-visibility.js';
import { noteBytes } from '@quantumtrade/dal-telemetry';
import type { InstantRange } from '../cluster/shard-layout.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { BlockDecoder, decodeBlocks } from '../codec/read/block-decoder.js';
import type { CompleteSettings } from '../settings.js';
import { BodyTooLargeError, BrokenMessageError, TooManyRowsError } from './answer-errors.js';
import { decodeOptionsOf, objectsOf, readReport, summaryCounts } from './answer-parts.js';
import type { Answer } from './body.js';
import { readBody } from './body.js';
import { BodyStream } from './body-stream.js';
import { Call } from './call.js';
import { clientClosedError, type PoolSource } from './connection-pool.js';
import { confirmsInsert, insertOf, WAIT_END_OF_QUERY } from './insert-statement.js';
import { ACCEPTS_ZSTD, readCompressed } from './compressed-rows.js';
import type { AcceptsEndpoint, PickPurpose } from './endpoints/endpoint-picker.js';
import type { SessionSettings } from './pinned-settings.js';
import { LOOKUP, type ReadKind } from './read-kind.js';
import { runStatement } from './run-statement.js';
import type { CompressedRows, ReadTally, Sql, SqlBlock, SqlParams, StoredBlock } from './sql.js';
import type { Statement } from './statement.js';

/** A statement may have been carried out although its answer got lost. */
const UNREPEATED = { purpose: 'primary', idempotency: 'other' } as const;
const NATIVE = ' FORMAT Native';
const ONE_SHARD = [1];
/** Compression of gzip blocks. Stored blocks cost neither side any time, and their end is proven all the same. */
const STORED = 0;
const COMPRESSED = 3;
const ACCEPTS_GZIP = { 'Accept-Encoding': 'gzip' };

/** Endpoints of statements, and their place in the queue for a connection. */
interface SqlScope extends Pick<Statement, 'accepts' | 'shard'> {
  readonly continues?: boolean;
  /** Database of the local tables, where those of the database are distributed. @default they are local */
  readonly localDatabase?: string;
}

/** Statements in one database. */
export class DatabaseSql implements Sql {
  readonly database: string;
  readonly #pools: PoolSource;
  readonly #settings: CompleteSettings;
  readonly #scope: SqlScope;
  /** Common part of all statements. */
  readonly #common: Pick<Statement, 'database' | 'continues' | 'timeoutMs' | 'accepts' | 'shard'>;
  /** Reads for callers. */
  readonly #read: ReadKind;
  readonly #tables: TablesToRead;
  readonly #readSettings: SessionSettings;
  #continuing: Sql | undefined;

  /** @param settingsOfReads beside those of every read for a caller */
  constructor(
    pools: PoolSource,
    database: string,
    settings: CompleteSettings,
    scope: SqlScope = {},
    settingsOfReads?: SessionSettings,
  ) {
    const { continues = false, accepts, shard, localDatabase } = scope;
    this.#tables = { database: localDatabase ?? database, shard, isDistributed: localDatabase !== undefined };
    this.database = database;
    this.#pools = pools;
    this.#settings = settings;
    this.#scope = scope;
    this.#common = { database, continues, timeoutMs: settings.requestTimeoutMs, accepts, shard };
    const { maxResultRows: maxRows, maxResultBytes: maxBytes } = settings;
    this.#read = { purpose: 'read', maxRows, maxBytes };
    this.#readSettings = {
      enable_http_compression: 1,
      http_zlib_compression_level: settings.compression ? COMPRESSED : STORED,
      ...settingsOfReads,
    };
  }

  get continuing(): Sql {
    if (this.#common.continues) return this;
    return (this.#continuing ??= this.#scoped(this.database, { ...this.#scope, continues: true }));
  }

  get shards(): readonly number[] {
    return ONE_SHARD;
  }

  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void {
    if (options !== undefined) checkCall(options, operation, known);
    if (this.#pools.isClosed) throw clientClosedError(operation);
  }

  async rows<T>(
    operation: string,
    query: string,
    params?: SqlParams,
    options?: StoreReadOptions,
    tally?: ReadTally,
  ): Promise<T[]> {
    const convert = objectsOf<T>;
    const parts = await this.collect(operation, query, params, options, convert, undefined, tally, LOOKUP);
    return parts.length === 1 ? parts[0]! : parts.flat();
  }

  collect<T>(
    operation: string,
    query: string,
    params: SqlParams | undefined,
    options: StoreReadOptions | undefined,
    convert: (block: DecodedBlock) => T,
    settings?: SessionSettings,
    tally?: ReadTally,
    { purpose, maxRows, maxBytes } = this.#read,
  ): Promise<T[]> {
    const statement = this.#readOf(purpose, operation, query, params, maxRows, settings);
    return this.#runVisible(statement, options, async (answer, { signal, pool: server }) => {
      const parts: T[] = [];
      let rowCount = 0;
      const { rows: rowsBefore, bytes: bytesBefore } = tally ?? { rows: 0, bytes: 0 };
      const decoder = new BlockDecoder(decodeOptionsOf(answer), (block) => {
        rowCount += block.rowCount;
        if (rowsBefore + rowCount > maxRows) throw new TooManyRowsError(maxRows);
        if (block.rowCount > 0) parts.push(convert(block));
      });
      const size = await readBody(answer, signal, maxBytes, decoder);
      noteBytes(size);
      decoder.end();
      const sent = Number(summaryCounts(answer)['result_rows']);
      if (rowCount < sent)
        throw new BrokenMessageError(`the answer has ${rowCount} of the ${sent} rows that the server sent`);
      const bytes = bytesBefore + size;
      if (bytes > maxBytes) throw new BodyTooLargeError(maxBytes);
      if (tally) Object.assign(tally, { rows: rowsBefore + rowCount, bytes, server });
      return parts;
    });
  }

  async *blocks(
    operation: string,
    query: string,
    params?: SqlParams,
    options?: StoreReadOptions,
    settings?: SessionSettings,
  ): AsyncGenerator<DecodedBlock, void, undefined> {
    const { retry, requestTimeoutMs: maxWaitMs } = this.#settings;
    const statement = {
      ...this.#readOf('read', operation, query, params, 0, settings),
      accepts: await this.#pools.visibility?.endpointsFor(this.#tables, operation, options),
      timeoutMs: undefined,
    };
    const call = new Call(this.#pools, retry, statement, options);
    const { deadline } = call;
    const waits = { maxWaitMs, timeoutError: () => deadline.timeoutError() };
    // A slow consumer takes no notice of the deadline.
    deadline.onAbort((reason) => void call.fail(reason));
    let isGiven = false;
    let isLeft = false;
    try {
      for (;;) {
        try {
          const answer = await call.openWithin(maxWaitMs);
          const body = new BodyStream(answer, call.signal, waits);
          try {
            for await (const block of decodeBlocks(body, decodeOptionsOf(answer))) {
              isGiven = isLeft = true;
              yield block;
              isLeft = false;
            }
          } finally {
            noteBytes(body.receivedBytes);
          }
          return call.succeed();
        } catch (error) {
          if (isLeft) throw error;
          const failure = call.fail(error);
          if (isGiven) throw failure;
          await call.waitToRetry(failure);
        }
      }
    } finally {
      call.end();
    }
  }

  async command(
    operation: string,
    query: string,
    params?: SqlParams,
    options?: CallOptions,
    given?: SessionSettings,
  ): Promise<void> {
    const settings = { ...given, ...WAIT_END_OF_QUERY };
    const statement = { ...this.#common, operation, query, params, settings, ...UNREPEATED };
    await this.#run(statement, options, (answer, { signal }) => readReport(answer, signal));
  }

  insert(operation: string, block: SqlBlock, options?: CallOptions): Promise<StoredBlock> {
    const statement = { ...this.#common, operation, ...insertOf(block) };
    return this.#run(statement, options, async (answer, { signal, attempts, pool }) => {
      noteBytes(block.bytes.length);
      const confirmed = await confirmsInsert(answer, signal, block);
      return { server: { name: pool!.name, shard: pool!.shard ?? '' }, attempts, confirmed };
    });
  }

  compressed(
    operation: string,
    query: string,
    params?: SqlParams,
    options?: CallOptions,
  ): Promise<CompressedRows> {
    const statement = {
      ...this.#readOf('primary', operation, query, params, 0, WAIT_END_OF_QUERY),
      headers: ACCEPTS_ZSTD,
    };
    return this.#run(statement, options, async (answer, { signal }) => {
      const rows = await readCompressed(answer, signal, LOOKUP.maxBytes);
      noteBytes(rows.bytes.length);
      return rows;
    });
  }

  on(database: string): Sql {
    const { accepts, shard } = this.#scope;
    return this.#scoped(database, { accepts, shard });
  }

  at(server: string): Sql {
    const accepts: AcceptsEndpoint = ({ name }) => name === server;
    return this.#scoped(this.database, { accepts });
  }

  shard(_number: number): Sql {
    return this;
  }

  copiesOf(_shard: number): readonly Sql[] {
    return [this];
  }

  shardsOf(_values: readonly string[] | undefined, _range?: InstantRange): readonly number[] | undefined {
    return undefined;
  }

  near(_values: readonly string[], _range?: InstantRange): Sql {
    return this;
  }

  #scoped(database: string, scope: SqlScope): Sql {
    return new DatabaseSql(this.#pools, database, this.#settings, scope);
  }

  #readOf(
    purpose: PickPurpose,
    operation: string,
    query: string,
    params: SqlParams | undefined,
    maxRows: number,
    settings?: SessionSettings,
  ) {
    return {
      ...this.#common,
      operation,
      purpose,
      idempotency: 'read' as const,
      query,
      params,
      format: NATIVE,
      settings: { ...this.#readSettings, max_result_rows: maxRows, ...settings },
      headers: ACCEPTS_GZIP,
      maxRows,
    };
  }

  #run<T>(
    statement: Statement,
    options: CallOptions | undefined,
    read: (answer: Answer, call: Call) => Promise<T>,
  ): Promise<T> {
    return runStatement(this.#pools, this.#settings.retry, statement, options, read);
  }

  /** Runs a read at a server that has what it must see. */
  #runVisible<T>(
    statement: Statement,
    options: StoreReadOptions | undefined,
    read: (answer: Answer, call: Call) => Promise<T>,
  ): Promise<T> {
    const { visibility } = this.#pools;
    if (options?.readAfter === undefined || !visibility) return this.#run(statement, options, read);
    return visibility.read(this.#tables, statement.operation, options, (accepts) =>
      this.#run({ ...statement, accepts }, options, read),
    );
  }
}

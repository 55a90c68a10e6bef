import { until } from '@quantumtrade/dal-testing';
import {
  hasReplicatingServer,
  hasZooKeeper,
  ReplicatingServer,
  ZooKeeperProcess,
} from '@quantumtrade/dal-testing/replication';
import { classifyFailure, type Failure } from '../connection/classify-failure.js';
import { parseReport } from '../connection/server-errors.js';
import { reducedBars, reducedBlock } from '../testing/reduced-schema.js';

const QUORUM = { insert_quorum: 2, insert_quorum_timeout: 1_000 };
const NO_QUORUM = { ...QUORUM, insert_quorum: 0 };
const SEQUENTIAL = { select_sequential_consistency: 1 };

/** Runs a request. Returns its failure as the adapter classifies it; undefined when it succeeded. */
async function failureOf(request: Promise<unknown>): Promise<Failure | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    return classifyFailure(parseReport((error as Error).message) ?? error);
  }
}

const describeReplication = hasReplicatingServer() && hasZooKeeper() ? describe : describe.skip;

// Debian's server is of 2018: its tables are reduced, and it deduplicates by the content of a block instead of its token.
describeReplication('two copies of ClickHouse 18.16', () => {
  let keeper: ZooKeeperProcess;
  let a: ReplicatingServer;
  let b: ReplicatingServer;
  let copies: readonly ReplicatingServer[];
  beforeAll(async () => {
    keeper = await ZooKeeperProcess.start();
    const zookeeper = keeper.configuration;
    a = await ReplicatingServer.start({ replica: 'a', zookeeper });
    b = await ReplicatingServer.start({ replica: 'b', zookeeper });
    copies = [a, b];
    const statement = await reducedBars('default');
    for (const copy of copies) await copy.query(statement, { allow_experimental_low_cardinality_type: 1 });
  });
  afterAll(async () => {
    for (const copy of copies) await copy.stop();
    await keeper.stop();
  });

  const insert = (copy: ReplicatingServer, symbol: string, settings: typeof QUORUM) =>
    failureOf(copy.insert('INSERT INTO market_data FORMAT Native', reducedBlock(symbol), settings));
  const rowsOf = (copy: ReplicatingServer, symbol: string, settings: Record<string, number> = {}) =>
    copy.query(`SELECT count() FROM market_data WHERE symbol = '${symbol}'`, settings);

  /** Sends a block until it is acknowledged, or fails with an error of a name. Each failure before must be retryable. */
  async function repeat(copy: ReplicatingServer, symbol: string, name?: string, settings = QUORUM) {
    await until(async () => {
      const failure = await insert(copy, symbol, settings);
      expect(failure ?? { retryable: name === undefined }).toMatchObject({ retryable: true });
      return !failure || failure.reason.startsWith(`${name} `);
    });
  }

  it('block is stored once when another copy gets it again', async () => {
    for (const copy of [a, b, a]) await repeat(copy, 'TWICE');
    for (const copy of copies) expect(await rowsOf(copy, 'TWICE')).toBe('1');
  });

  it('acknowledged block is on both copies', async () => {
    for (const [copy, other, symbol] of [
      [a, b, 'FROM-A'],
      [b, a, 'FROM-B'],
    ] as const) {
      await repeat(copy, symbol);
      expect(await rowsOf(other, symbol)).toBe('1');
      expect(await rowsOf(other, symbol, SEQUENTIAL)).toBe('1');
    }
  });

  it('block is acknowledged only when the second copy has it', async () => {
    await b.query('SYSTEM STOP FETCHES');
    await repeat(a, 'LATE', 'UNKNOWN_STATUS_OF_INSERT');
    expect([await rowsOf(a, 'LATE'), await rowsOf(a, 'LATE', SEQUENTIAL)]).toEqual(['1', '0']);
    for (const copy of copies) await repeat(copy, 'LATE', 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE');
    await b.kill();
    await repeat(a, 'NEVER', 'TOO_FEW_LIVE_REPLICAS');
    expect(await rowsOf(a, 'NEVER')).toBe('0');
    await b.restart();
    await repeat(a, 'LATE');
    for (const copy of copies) {
      expect([await rowsOf(copy, 'LATE'), await rowsOf(copy, 'LATE', SEQUENTIAL)]).toEqual(['1', '1']);
    }
  });

  it('writes wait for ZooKeeper while reads go on', async () => {
    await repeat(a, 'BEFORE');
    await keeper.kill();
    for (const copy of copies) {
      await repeat(copy, 'WITHOUT', 'TABLE_IS_READ_ONLY');
      expect(await rowsOf(copy, 'BEFORE')).toBe('1');
      expect(await failureOf(rowsOf(copy, 'BEFORE', SEQUENTIAL))).toMatchObject({
        reason: 'KEEPER_EXCEPTION (999)',
        retryable: true,
      });
    }
    await keeper.restart();
    for (const copy of [b, a]) await repeat(copy, 'WITHOUT');
    for (const copy of copies) expect(await rowsOf(copy, 'WITHOUT')).toBe('1');
  });

  it('block that one copy alone acknowledged is lost with it', async () => {
    await b.kill();
    await repeat(a, 'ALONE', undefined, NO_QUORUM);
    expect(await rowsOf(a, 'ALONE')).toBe('1');
    await a.kill();
    await b.restart();
    expect(await rowsOf(b, 'ALONE')).toBe('0');
  });
});

import { buildOutput } from '@quantumtrade/dal-testing/records';
import { until } from '@quantumtrade/dal-testing';
import type { TestService } from '../testing/test-service.js';
import { openTestService, TEST_TOKENS } from '../testing/test-service.js';

interface ReceivedEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: { readonly [name: string]: unknown };
}

/** Connected client of server-sent events. */
class Client {
  readonly events: ReceivedEvent[] = [];
  status: number | undefined;
  isClosed = false;
  readonly #left = new AbortController();

  constructor(url: string, lastEventId?: string) {
    const headers = {
      authorization: `Bearer ${TEST_TOKENS.reader}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    };
    void this.#receive(url, headers);
  }

  leave(): void {
    this.#left.abort();
  }

  async received(count: number): Promise<ReceivedEvent[]> {
    await until(() => this.events.length >= count);
    return this.events;
  }

  async #receive(url: string, headers: Record<string, string>): Promise<void> {
    try {
      const response = await fetch(url, { headers, signal: this.#left.signal });
      this.status = response.status;
      let text = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const parts = (text + chunk).split('\n\n');
        text = parts.pop()!;
        for (const part of parts) if (part.includes('event:')) this.events.push(parse(part));
      }
    } catch (error) {
      if (!this.#left.signal.aborted) throw error;
    } finally {
      this.isClosed = true;
    }
  }
}

function parse(block: string): ReceivedEvent {
  const { data, ...rest } = Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  ) as { event: string; data: string };
  return { ...rest, data: JSON.parse(data) as ReceivedEvent['data'] };
}

const tick = (symbol: string, close: string) => buildOutput('marketData', { symbol, close });

let service: TestService;
let url: string;
let clients: Client[];
beforeEach(async () => {
  service = await openTestService({ ticks: { maxStreams: 2 } });
  url = await service.listen();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.leave();
  await service.close();
});

async function connect(query: string, lastEventId?: string): Promise<Client> {
  const client = new Client(`${url}/v1/ticks?${query}`, lastEventId);
  clients.push(client);
  await until(() => client.status !== undefined);
  return client;
}
const append = (symbol: string, ...closes: string[]) =>
  service.database.marketStream.append(
    symbol,
    closes.map((close) => tick(symbol, close)),
  );
const closesOf = (events: readonly ReceivedEvent[]) =>
  events.filter(({ event }) => event === 'tick').map(({ data }) => data['close']);

describe('/v1/ticks', () => {
  it('sends ticks exactly, and continues after Last-Event-ID', async () => {
    await append('AAPL', '1.5', '2.00000001');
    await append('MSFT', '7');
    const first = await connect('symbol=AAPL&symbol=MSFT&replay=true');
    const events = await first.received(3);
    expect(closesOf(events).sort()).toEqual(['1.5', '2.00000001', '7']);
    first.leave();
    await append('AAPL', '3');
    await append('MSFT', '8');
    const second = await connect('symbol=AAPL&symbol=MSFT', events.at(-1)!.id);
    expect(closesOf(await second.received(2)).sort()).toEqual(['3', '8']);
  });

  it('begins with the next tick where no replay is asked for', async () => {
    await append('AAPL', '1');
    const client = await connect('symbol=AAPL');
    let next = 2;
    // The subscription begins a moment after the response.
    await until(async () => {
      await append('AAPL', String(next++));
      return client.events.length > 0;
    });
    expect(closesOf(client.events)).not.toContain('1');
  });

  it('sends a gap where ticks were dropped', async () => {
    await append('AAPL', '0');
    const [last] = await (await connect('symbol=AAPL&replay=true')).received(1);
    clients[0]!.leave();
    await append('AAPL', ...Array.from({ length: 1_001 }, (_, i) => String(i + 1)));
    const events = await (await connect('symbol=AAPL', last!.id)).received(1_001);
    expect(events[0]).toMatchObject({ event: 'gap', data: { symbol: 'AAPL' } });
    expect(closesOf(events)).toHaveLength(1_000);
  });

  it('ends with the reason when the service stops', async () => {
    const client = await connect('symbol=AAPL');
    const stopped = service.stop();
    expect(await client.received(1)).toEqual([{ event: 'end', data: { reason: 'stopping' } }]);
    await stopped;
    await until(() => client.isClosed);
  });

  it('ends with the failure of the subscription', async () => {
    const client = await connect('symbol=AAPL', Buffer.from('{"AAPL":"nonsense"}').toString('base64url'));
    expect(await client.received(1)).toMatchObject([
      { event: 'end', data: { reason: 'failed', code: 'VALIDATION' } },
    ]);
  });

  it('bounds the streams, and forgets those of clients that left', async () => {
    const first = await connect('symbol=AAPL');
    await connect('symbol=AAPL');
    expect((await connect('symbol=AAPL')).status).toBe(503);
    first.leave();
    await until(async () => (await connect('symbol=AAPL')).status === 200);
  });

  it.each(['', 'symbol=', 'symbol=A&after=1', `symbol=${'A&symbol='.repeat(50)}A`])(
    'refuses %s',
    async (query) => {
      const { statusCode } = await service.get(`/v1/ticks?${query}`);
      expect(statusCode).toBe(400);
    },
  );

  it('refuses an id that the service did not give out', async () => {
    const headers = { authorization: `Bearer ${TEST_TOKENS.reader}`, 'last-event-id': 'nonsense' };
    const { statusCode, body } = await service.app.inject({ url: '/v1/ticks?symbol=AAPL', headers });
    expect([statusCode, JSON.parse(body)]).toMatchObject([400, { field: 'Last-Event-ID' }]);
  });
});

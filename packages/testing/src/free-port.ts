import { once } from 'node:events';
import { createServer } from 'node:net';

/** Outside the range that systems use for outgoing connections, which could take the port while the server is down. */
const PORTS = { first: 10_000, count: 22_000 };
/** Workers of the tests that have ports of their own, so that none takes one that another has found and not used yet. */
const WORKERS = 8;
const WORKER = Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS;
const given = new Set<number>();

/** Returns a port of the loopback interface on which nothing listens, each once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + WORKER + WORKERS * Math.floor((Math.random() * PORTS.count) / WORKERS);
    if (given.has(port)) continue;
    given.add(port);
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

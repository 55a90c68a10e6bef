import { once } from 'node:events';
import { createServer } from 'node:net';

/** Outside the range that systems use for outgoing connections, which could take the port while the server is down. */
const PORTS = { first: 10_000, count: 22_000 };

/** Returns a port of the loopback interface on which nothing listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
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

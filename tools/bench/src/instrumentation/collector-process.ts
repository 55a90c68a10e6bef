import { createServer } from 'node:http';

/** Takes what is exported, and drops it. Its port is the only line of output. */
const server = createServer((request, response) => {
  request.resume().on('end', () => response.end());
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`${port}\n`);
});
process.stdin.on('end', () => process.exit()).resume();

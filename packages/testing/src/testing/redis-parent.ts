/** Process that starts a Redis server, prints its port and waits to be killed. */
import { printLine } from '../child-process.js';
import { RedisProcess } from '../redis/redis-process.js';

const server = await RedisProcess.start();
printLine(String(server.port));
setInterval(() => undefined, 1_000);

/**
 * Process of the server: runs the engine in a child process (`engine-process.js`), restarts it when it ends, and relays to it from
 * ports that stay the same. Plain JavaScript, so that it starts the same from sources and from a build. Reads its command as one
 * line of JSON from standard input and ends with standard input, which closes when the parent ends in any way. After each restart
 * of the engine it writes the number of restarts to standard output, as a line of JSON.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Engine } from './server/engine.js';
import { HttpGuard } from './server/http-guard.js';
import { Login } from './server/login.js';
import { NativeGuard } from './server/native-guard.js';
import { startRelay } from './server/relay.js';

/** @typedef {import('./server/engine.js').EngineCommand} EngineCommand */

const PATH = '--path=';

/** @type {Engine | undefined} */
let engine;
let removeAtEnd = '';

/** @param {number} code */
async function end(code) {
  await engine?.kill();
  if (removeAtEnd) rmSync(removeAtEnd, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  process.exit(code);
}

/** @param {unknown} error */
function fail(error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return end(1);
}

/** @param {EngineCommand} command its first argument is the relay's settings file, the others are the engine's */
async function serve(command) {
  removeAtEnd = command.removeAtEnd;
  const [relayFile = '', ...args] = command.args;
  /** @type {import('./server-files.js').RelaySettings} */
  const settings = JSON.parse(readFileSync(relayFile, 'utf8'));
  const login = new Login(settings.username, settings.passwordSha256);
  const running = new Engine({
    command: { ...command, args },
    portsFile: settings.enginePorts,
    dataDirectory: args.find((arg) => arg.startsWith(PATH))?.slice(PATH.length) ?? '.',
  });
  engine = running;
  let restarts = -1;
  await running.run(() => {
    restarts++;
    if (restarts > 0) process.stdout.write(`${JSON.stringify({ restarts })}\n`);
    else void publishPorts(running, login, settings).catch(fail);
  });
  await end(1);
}

/** @param {Engine} engine @param {Login} login @param {import('./server-files.js').RelaySettings} settings */
async function publishPorts(engine, login, { ports: file, httpPort, tcpPort }) {
  const http = await startRelay({
    port: httpPort,
    newGuard: () => new HttpGuard(login),
    enginePort: async (timeoutMs) => (await engine.ports(timeoutMs)).http,
  });
  const tcp = await startRelay({
    port: tcpPort,
    newGuard: () => new NativeGuard(login),
    enginePort: async (timeoutMs) => (await engine.ports(timeoutMs)).tcp,
  });
  writeFileSync(`${file}.new`, `${portOf(http)}\t${portOf(tcp)}\n`);
  renameSync(`${file}.new`, file);
}

/** @param {import('node:net').Server} server */
const portOf = (server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port;

process.umask(0o077);
/** Ctrl-C reaches the whole process group, but only the parent ends this process. */
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {});
process.on('uncaughtException', fail);
process.stdout.on('error', () => undefined); // the parent has ended

createInterface({ input: process.stdin })
  .on('line', (line) => serve(JSON.parse(line)).catch(fail))
  .on('close', () => end(0));

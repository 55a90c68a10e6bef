/**
 * The process in which the engine runs, under `server-process.js`. Takes its orders as one line of JSON on standard input; the
 * end of standard input means that its parent is gone, however it went.
 *
 * The engine never returns while it serves, and `process.exit` would wait for its threads for ever: SIGKILL is the only end.
 */
import { DataType, load, open } from 'ffi-rs';
import { rmSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** @typedef {import('./server/engine.js').EngineOrders} EngineOrders */

const STDERR = 2;

/** What the engine's function returns, of which only the message matters: it is set when the engine ended by an error. */
const ENGINE_RESULT = {
  buffer: DataType.U64,
  length: DataType.U64,
  vector: DataType.U64,
  elapsed: DataType.Double,
  rows: DataType.U64,
  bytes: DataType.U64,
  error_message: DataType.String,
};

let removeAtEnd = '';

function end() {
  try {
    if (removeAtEnd) rmSync(removeAtEnd, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}

/** @param {unknown} error */
function fail(error) {
  writeSync(STDERR, `${error instanceof Error ? error.message : String(error)}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** @param {EngineOrders} orders */
async function run({ library, args, ...orders }) {
  removeAtEnd = orders.removeAtEnd;
  open({ library: 'engine', path: library });
  const result = await load({
    library: 'engine',
    funcName: 'query_stable_v2',
    retType: ENGINE_RESULT,
    paramsType: [DataType.I32, DataType.StringArray],
    paramsValue: [args.length, args],
    runInNewThread: true,
  });
  throw new Error(`${result.error_message}`);
}

process.umask(0o077);
/** Ctrl-C reaches the whole process group; when this process ends is the parent's to say. */
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {});
process.on('uncaughtException', fail);

createInterface({ input: process.stdin })
  .on('line', (line) => run(JSON.parse(line)).catch(fail))
  .on('close', end);

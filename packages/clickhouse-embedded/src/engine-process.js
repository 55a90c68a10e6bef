/**
 * Process of the engine, a child of `server-process.js`. Reads its command as one line of JSON from standard input and ends with
 * standard input, which closes when the parent ends in any way.
 *
 * The engine does not return while it serves, and `process.exit` would wait for its threads forever: only SIGKILL ends it.
 */
import { DataType, load, open } from 'ffi-rs';
import { rmSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** @typedef {import('./server/engine.js').EngineCommand} EngineCommand */

const STDERR = 2;

/** Result of the engine's function. The message is set when the engine ended with an error. */
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

/** @param {EngineCommand} command */
async function run({ library, args, ...command }) {
  removeAtEnd = command.removeAtEnd;
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
/** Ctrl-C reaches the whole process group, but only the parent ends this process. */
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {});
process.on('uncaughtException', fail);

createInterface({ input: process.stdin })
  .on('line', (line) => run(JSON.parse(line)).catch(fail))
  .on('close', end);

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const POLL_MS = 10;
/** Failed starts in a row after which an engine that has served before is given up. */
const MAX_FAILED_STARTS = 5;
/** After an engine that served this long the next start needs no pause. */
const STEADY_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;
/** Time that the previous engine on the same data may need to end, after its parent was killed. */
const PREDECESSOR_WAIT_MS = 1_000;
const SCRIPT = fileURLToPath(new URL('../engine-process.js', import.meta.url));

/**
 * @typedef {object} EngineCommand
 * @property {string} library path of the engine's shared library
 * @property {string[]} args the engine's arguments
 * @property {string} removeAtEnd directory that the engine's process removes when its parent is gone
 *
 * @typedef {{ http: number, tcp: number }} EnginePorts
 */

/**
 * Runs the engine in a child process and restarts it whenever that ends.
 * @typedef {object} EngineOptions
 * @property {EngineCommand} command
 * @property {string} portsFile the file into which the engine writes its ports
 * @property {string} dataDirectory
 * @property {string} [script] default is `engine-process.js`
 * @property {(ms: number) => Promise<unknown>} [pause]
 */
export class Engine {
  #command;
  #portsFile;
  #dataDirectory;
  #script;
  #pause;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  /** Undefined while the engine is down. @type {EnginePorts | undefined} */
  #ports;
  #isKilled = false;
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /** @param {EngineOptions} options */
  constructor({ command, portsFile, dataDirectory, script = SCRIPT, pause = sleep }) {
    this.#command = command;
    this.#portsFile = portsFile;
    this.#dataDirectory = dataDirectory;
    this.#script = script;
    this.#pause = pause;
  }

  /**
   * Keeps the engine running. Returns when it is killed, when its first start fails, or when it cannot be restarted.
   * @param {() => void} onUp called each time that the engine has opened its ports
   */
  async run(onUp) {
    await waitForPredecessor(join(this.#dataDirectory, 'status'));
    let hasServed = false;
    let failedStarts = 0;
    for (let pauseMs = 0; !this.#isKilled;) {
      const closed = this.#start();
      const isUp = await this.#opensPorts(closed);
      const upSince = performance.now();
      if (isUp) {
        hasServed = true;
        failedStarts = 0;
        onUp();
        for (const go of this.#waiting) go();
      } else {
        failedStarts++;
      }
      await closed;
      this.#ports = undefined;
      if (failedStarts === (hasServed ? MAX_FAILED_STARTS : 1)) return;
      const isSteady = isUp && performance.now() - upSince > STEADY_MS;
      pauseMs = isSteady ? 0 : Math.min(Math.max(FIRST_PAUSE_MS, 2 * pauseMs), MAX_PAUSE_MS);
      if (!this.#isKilled) await this.#pause(pauseMs);
    }
  }

  /**
   * Resolves as soon as the engine is up. Rejects when that takes too long.
   * @param {number} timeoutMs
   * @returns {Promise<EnginePorts>}
   */
  async ports(timeoutMs) {
    const deadline = performance.now() + timeoutMs;
    while (this.#ports === undefined) {
      const remaining = deadline - performance.now();
      if (remaining <= 0) throw new Error('The engine is not up.');
      await /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          const go = () => {
            clearTimeout(timer);
            this.#waiting.delete(go);
            resolve();
          };
          const timer = setTimeout(go, remaining);
          this.#waiting.add(go);
        })
      );
    }
    return this.#ports;
  }

  /** Ends the engine for good; resolves when its process is gone. */
  async kill() {
    this.#isKilled = true;
    const { exitCode, signalCode } = this.#process ?? {};
    if (this.#process === undefined || exitCode !== null || signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  #start() {
    rmSync(this.#portsFile, { force: true });
    // It keeps this process's output open, whose end shows that both processes have ended.
    const engine = spawn(process.execPath, [this.#script], { stdio: ['pipe', 'inherit', 'inherit'] });
    this.#process = engine;
    engine.stdin.on('error', () => undefined);
    engine.stdin.write(`${JSON.stringify(this.#command)}\n`);
    return new Promise((resolve) => {
      engine.once('close', resolve);
      engine.once('error', resolve); // it could not be started
    });
  }

  /**
   * Waits for the engine's ports. Returns false when the engine ends before.
   * @param {Promise<unknown>} closed
   */
  async #opensPorts(closed) {
    let isClosed = false;
    void closed.then(() => (isClosed = true));
    while (!isClosed) {
      const text = readIfExists(this.#portsFile);
      if (text.endsWith('\n')) {
        const [http = 0, tcp = 0] = text.trim().split('\t').map(Number);
        this.#ports = { http, tcp };
        return true;
      }
      await sleep(POLL_MS);
    }
    return false;
  }
}

/**
 * Waits briefly for the end of the engine that wrote this status file. One that stays locks the data against the next.
 * @param {string} statusFile
 */
async function waitForPredecessor(statusFile) {
  const pid = Number(/^PID: (\d+)$/m.exec(readIfExists(statusFile))?.[1] ?? process.pid);
  for (
    let waited = 0;
    pid !== process.pid && isRunning(pid) && waited < PREDECESSOR_WAIT_MS;
    waited += POLL_MS
  ) {
    await sleep(POLL_MS);
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {string} file */
function readIfExists(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

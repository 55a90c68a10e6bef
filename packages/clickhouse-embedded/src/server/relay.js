import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';
/** Time limit of a connection for its login. */
const LOGIN_MS = 10_000;
/** Limits on connections without a login and on all bytes that they have sent. */
const MAX_PENDING = 500;
const MAX_HELD_BYTES = 67_108_864;
/** Time that a connection waits for an engine that restarts. */
const ENGINE_WAIT_MS = 15_000;
const RECONNECT_MS = 20;
/** Time that the engine may continue to answer a client that left, and an answered client may continue to send. */
const LINGER_MS = 1_000;

/**
 * Decision of a guard about bytes: those to forward to the engine and, where the connection ends with them, the final answer to the
 * client, after the answers to all before.
 * @typedef {{ forward: Buffer[], refusal?: Buffer }} Verdict
 *
 * @typedef {object} Guard decides which bytes of one connection are forwarded to the engine
 * @property {(bytes: Buffer) => Verdict} take
 * @property {number} heldBytes taken, and neither forwarded nor refused yet
 *
 * @typedef {object} RelayOptions
 * @property {() => Guard} newGuard
 * @property {(timeoutMs: number) => Promise<number>} enginePort resolves when the engine is up; rejects when that takes too long
 * @property {number} [port] default is a free one
 * @property {number} [loginMs]
 * @property {number} [maxPending]
 * @property {number} [maxHeldBytes]
 * @property {number} [engineWaitMs]
 *
 * @typedef {import('node:net').Socket} Socket
 */

/**
 * Starts a server on a loopback port. Each client connection has one to the engine, opened with the first bytes that its guard
 * accepts. Whatever way a client leaves, its connection to the engine ends in order: a reset in the middle of a request would end
 * the engine's process.
 * @param {RelayOptions} options
 */
export async function startRelay(options) {
  const pending = new PendingConnections(options);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    new RelayedConnection(client, options, pending);
  });
  server.listen(options.port ?? 0, HOST);
  await once(server, 'listening');
  server.on('error', () => undefined); // a connection that could not be accepted
  return server;
}

/** Connections without a login yet. Above the limit the oldest one is closed. */
class PendingConnections {
  /** @type {Set<Socket>} */
  #clients = new Set();
  #maxPending;
  #maxHeldBytes;
  heldBytes = 0;

  /** @param {RelayOptions} options */
  constructor({ maxPending = MAX_PENDING, maxHeldBytes = MAX_HELD_BYTES }) {
    this.#maxPending = maxPending;
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** @param {Socket} client */
  add(client) {
    this.#clients.add(client);
    const [oldest] = this.#clients;
    if (this.#clients.size > this.#maxPending) oldest?.destroy();
  }

  /** @param {Socket} client */
  delete(client) {
    this.#clients.delete(client);
  }

  get holdsTooMuch() {
    return this.heldBytes > this.#maxHeldBytes;
  }
}

class RelayedConnection {
  #client;
  #guard;
  #options;
  #pending;
  #loginTimer;
  /** @type {Socket | undefined} */
  #engine;
  #isOpening = false;
  #hasEnded = false;
  /** Set when no more bytes are read from the client. @type {Buffer | undefined} */
  #finalAnswer;

  /** @param {Socket} client @param {RelayOptions} options @param {PendingConnections} pending */
  constructor(client, options, pending) {
    this.#client = client;
    this.#guard = options.newGuard();
    this.#options = options;
    this.#pending = pending;
    pending.add(client);
    this.#loginTimer = setTimeout(() => client.destroy(), options.loginMs ?? LOGIN_MS);
    client.on('data', (bytes) => this.#take(bytes));
    client.on('end', () => this.#endRequests());
    client.on('finish', () => destroyLater(client));
    client.on('error', () => undefined); // 'close' follows
    client.on('close', () => this.#leave());
  }

  /** @param {Buffer} bytes */
  #take(bytes) {
    if (this.#finalAnswer) return;
    this.#pending.heldBytes -= this.#guard.heldBytes;
    const verdict = this.#guard.take(bytes);
    this.#pending.heldBytes += this.#guard.heldBytes;
    if (this.#pending.holdsTooMuch) this.#client.destroy();
    else if (this.#engine === undefined && verdict.forward.length > 0) void this.#open(verdict);
    else this.#forward(verdict);
  }

  /** @param {Verdict} verdict */
  async #open(verdict) {
    const client = this.#client;
    clearTimeout(this.#loginTimer);
    this.#pending.delete(client);
    this.#isOpening = true;
    client.pause();
    try {
      this.#engine = await this.#connect();
    } catch {
      client.destroy();
      return;
    }
    this.#answerFrom(this.#engine);
    if (client.destroyed) {
      drain(this.#engine);
      return;
    }
    client.resume();
    this.#forward(verdict);
    if (this.#hasEnded) this.#engine.end();
  }

  async #connect() {
    const until = performance.now() + (this.#options.engineWaitMs ?? ENGINE_WAIT_MS);
    for (;;) {
      const port = await this.#options.enginePort(until - performance.now());
      const engine = connect({ port, host: HOST, noDelay: true, allowHalfOpen: true });
      try {
        await once(engine, 'connect');
        return engine;
      } catch {
        await sleep(RECONNECT_MS); // the engine has just ended
      }
    }
  }

  /** @param {Socket} engine */
  #answerFrom(engine) {
    const client = this.#client;
    engine.pipe(client, { end: false });
    engine.on('end', () => {
      this.#finalAnswer ??= Buffer.alloc(0);
      engine.end();
      client.end(this.#finalAnswer);
    });
    engine.on('error', () => undefined); // 'close' follows
    engine.on('close', () => {
      if (!client.writableEnded) client.destroy();
    });
  }

  /** @param {Verdict} verdict */
  #forward({ forward, refusal }) {
    const client = this.#client;
    const engine = this.#engine;
    if (engine) {
      let isFull = false;
      for (const bytes of forward) isFull = !engine.write(bytes);
      if (isFull) {
        client.pause();
        engine.once('drain', () => client.resume());
      }
    }
    if (refusal === undefined) return;
    this.#finalAnswer = refusal;
    if (engine) engine.end();
    else client.end(refusal);
  }

  /** The client sends no more, and still reads. */
  #endRequests() {
    this.#hasEnded = true;
    if (this.#engine) this.#engine.end();
    else if (!this.#isOpening) this.#client.end();
  }

  #leave() {
    clearTimeout(this.#loginTimer);
    this.#pending.delete(this.#client);
    this.#pending.heldBytes -= this.#guard.heldBytes;
    if (this.#engine) drain(this.#engine);
  }
}

/**
 * Ends a connection to the engine whose client left: sends no more, and discards the rest of the answer.
 * @param {Socket} engine
 */
function drain(engine) {
  engine.end();
  engine.resume();
  destroyLater(engine);
}

/** @param {Socket} socket */
function destroyLater(socket) {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.on('close', () => clearTimeout(timer));
}

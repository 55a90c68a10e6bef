import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { CompleteSettings } from './settings.js';

/** The open sockets to the server: bounded in number, and each in the time it may take to open. */
export class Connections {
  readonly agent: http.Agent;

  constructor({
    url,
    maxConnections,
    connectionTimeoutMs,
  }: Pick<CompleteSettings, 'url' | 'maxConnections' | 'connectionTimeoutMs'>) {
    const secure = url.startsWith('https:');
    this.agent = new (secure ? https.Agent : http.Agent)({
      keepAlive: true,
      maxSockets: maxConnections,
      scheduling: 'lifo',
    });
    limitConnecting(this.agent, secure ? 'secureConnect' : 'connect', connectionTimeoutMs);
  }

  /** Sockets open now, idle ones included. */
  get count(): number {
    return [this.agent.sockets, this.agent.freeSockets]
      .flatMap((byHost) => Object.values(byHost))
      .reduce((count, sockets) => count + (sockets?.length ?? 0), 0);
  }
}

/** Node's agents limit how long a socket may be silent, not how long it may take to open. */
function limitConnecting(agent: http.Agent, opened: 'connect' | 'secureConnect', timeoutMs: number): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback) as Socket;
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('the connection took too long to open'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    socket.once(opened, () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
    return socket;
  };
}

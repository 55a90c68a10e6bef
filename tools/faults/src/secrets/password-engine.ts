import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { listen, until } from '@quantumtrade/dal-testing';

export const ENGINE_USER = 'app';

/**
 * A ClickHouse engine with a user whose passwords the test decides: the engine asks an HTTP server of the test
 * (`http_authentication_servers`), and refuses a login itself.
 */
export class PasswordEngine {
  /** Address of the engine's own HTTP port, without the relay, which accepts one password for good. */
  readonly url: string;
  /** Passwords that are accepted now. */
  readonly accepted = new Set<string>();
  /** Number of logins by password. */
  readonly logins = new Map<string, number>();
  /** Number of refused logins. */
  refusals = 0;
  readonly #engine: EmbeddedClickHouse;
  readonly #loginServer: Server;

  private constructor(engine: EmbeddedClickHouse, port: string, loginServer: Server) {
    this.#engine = engine;
    this.url = `http://127.0.0.1:${port}`;
    this.#loginServer = loginServer.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const login = Buffer.from(String(request.headers.authorization).slice('Basic '.length), 'base64');
      const password = login.toString().slice(`${ENGINE_USER}:`.length);
      const isAccepted = this.accepted.has(password);
      if (isAccepted) this.logins.set(password, (this.logins.get(password) ?? 0) + 1);
      else this.refusals++;
      response.writeHead(isAccepted ? 200 : 401).end();
    });
  }

  static async start(): Promise<PasswordEngine> {
    const loginServer = createServer();
    const loginPort = await listen(loginServer);
    const engine = await startEmbeddedClickHouse();
    const directory = dirname(engine.dataDirectory);
    const append = async (name: string, end: string, addition: string) => {
      const file = join(directory, name);
      await writeFile(file, (await readFile(file, 'utf8')).replace(end, `${addition}${end}`));
    };
    await append(
      'users.xml',
      '</users>',
      `<${ENGINE_USER}>
        <http_authentication><server>test</server><scheme>basic</scheme></http_authentication>
        <networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      </${ENGINE_USER}>`,
    );
    await append(
      'config.xml',
      '</clickhouse>',
      `<http_authentication_servers><test><uri>http://127.0.0.1:${loginPort}/</uri></test></http_authentication_servers>`,
    );
    const ports = () => readFile(join(directory, 'engine-ports'), 'utf8').catch(() => '');
    const before = await ports();
    // The engine reads its files when it starts, and is started again when it ends.
    const children = await readFile(`/proc/${engine.pid}/task/${engine.pid}/children`, 'utf8');
    for (const pid of children.trim().split(' ')) process.kill(Number(pid), 'SIGKILL');
    let after = before;
    await until(async () => (after = await ports()) !== before && after.endsWith('\n'));
    return new PasswordEngine(engine, after.split('\t')[0]!, loginServer);
  }

  async stop(): Promise<void> {
    await this.#engine.stop();
    this.#loginServer.closeAllConnections();
    this.#loginServer.close();
  }
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { RestartableProcess } from '../restartable-process.js';

/** Folder of Debian's Java libraries. */
const LIBRARIES = '/usr/share/java';
const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
/** Sessions may be as short as two ticks. */
const TICK_MS = 250;

/** Returns whether ZooKeeper and Java are installed, as Debian's package `zookeeperd` does it. */
export const hasZooKeeper = (): boolean =>
  existsSync(join(LIBRARIES, 'zookeeper.jar')) && !spawnSync('java', ['-version'], { stdio: 'ignore' }).error;

/** A real ZooKeeper that a test may kill and start again: its port and its data stay. */
export class ZooKeeperProcess {
  readonly port: number;
  readonly #directory: string;
  readonly #process: RestartableProcess;

  private constructor(port: number) {
    this.port = port;
    this.#directory = mkdtempSync(join(tmpdir(), 'zookeeper-'));
    const file = join(this.#directory, 'zoo.cfg');
    const settings = {
      tickTime: TICK_MS,
      dataDir: join(this.#directory, 'data'),
      clientPort: port,
      clientPortAddress: '127.0.0.1',
      'admin.enableServer': false,
      '4lw.commands.whitelist': 'srvr',
      // A test's data need not outlive the machine.
      forceSync: 'no',
    };
    writeFileSync(
      file,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const classPath = ['/etc/zookeeper/conf', `${LIBRARIES}/*`].join(':');
    // One core is left to the servers: the compilers of Java would take both at the start.
    const flags = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', classPath];
    this.#process = new RestartableProcess(['java', ...flags, MAIN, file], () => isServing(port));
  }

  /** Starts a server. Resolves when it answers. */
  static async start(): Promise<ZooKeeperProcess> {
    const server = new ZooKeeperProcess(await freePort());
    await server.restart();
    return server;
  }

  /** Element of a ClickHouse configuration that names this server. Sessions end after two seconds without it. */
  get configuration(): string {
    const node = `<node><host>127.0.0.1</host><port>${this.port}</port></node>`;
    return `<zookeeper>${node}<session_timeout_ms>2000</session_timeout_ms></zookeeper>`;
  }

  /** Starts the killed server again, with its data. */
  restart(): Promise<void> {
    return this.#process.start();
  }

  /** Kills the server with SIGKILL. Its data stay for {@link restart}. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Asks the server whether it serves. While it starts, it may leave the question unanswered. */
async function isServing(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1').setTimeout(500, () => socket.destroy());
  try {
    socket.write('srvr');
    return /^Mode: standalone$/m.test(await text(socket));
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

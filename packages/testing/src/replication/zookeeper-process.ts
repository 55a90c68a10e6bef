import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
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
export class ZooKeeperProcess extends RestartableProcess {
  readonly port: number;
  protected readonly command: readonly [string, ...string[]];

  private constructor(port: number) {
    super('zookeeper');
    this.port = port;
    const file = join(this.directory, 'zoo.cfg');
    const settings = {
      tickTime: TICK_MS,
      dataDir: join(this.directory, 'data'),
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
    this.command = ['java', ...flags, MAIN, file];
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

  /** While the server starts, it may leave the question unanswered. */
  protected async isReady(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1').setTimeout(500, () => socket.destroy());
    try {
      socket.write('srvr');
      return /^Mode: standalone$/m.test(await text(socket));
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}

import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { killWithParent } from '../child-process.js';
import { freePort } from '../free-port.js';
import { until } from '../until.js';

const run = promisify(execFile);

/** Credentials of a user of S3. */
export interface S3Login {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const PROGRAMS = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph'];

/** Returns whether the programs of an S3 server are on the path. */
export const hasRadosGateway = (): boolean =>
  PROGRAMS.every((program) => !spawnSync(program, ['--version'], { stdio: 'ignore' }).error);

/** Keys and intervals of the cluster. Its one node keeps all in memory, and starts within two seconds. */
const configuration = (directory: string, monPort: number, port: number): string => `
[global]
fsid = ${randomUUID()}
mon host = [v2:127.0.0.1:${monPort}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${directory}/keyring
run dir = ${directory}
admin socket = ""
pid file = ${directory}/$name.pid
log file = ${directory}/$name.log
mon data = ${directory}/mon
mon initial members = a
mon allow pool size one = true
paxos propose interval = 0.05
paxos min wait = 0.01
osd data = ${directory}/osd
osd objectstore = memstore
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd crush update on start = false
rgw data = ${directory}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw run sync thread = false
rgw bucket quota ttl = 0
rgw user quota bucket sync interval = 0
rgw user quota sync interval = 0
`;

/** Returns the file of the key that all processes of the cluster use. */
function keyring(): string {
  // The type of the key, the time of its creation, and its length precede it.
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0]);
  const key = Buffer.concat([head, randomBytes(16)]).toString('base64');
  const capabilities = ['mon', 'osd', 'mgr'].map((name) => `caps ${name} = "allow *"`).join('\n');
  return ['mon.', 'osd.0', 'client.admin']
    .map((name) => `[${name}]\nkey = ${key}\n${capabilities}\n`)
    .join('');
}

/** A real S3 server, Ceph's, that a test may stop and kill. Keeps everything in memory. */
export class RadosGateway {
  readonly url: string;
  readonly login: S3Login = { accessKeyId: 'tests', secretAccessKey: `secret-${randomUUID()}` };
  readonly #directory: string;
  readonly #processes: { readonly child: ChildProcess; readonly watcher: ChildProcess }[] = [];

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts a server. Resolves when it answers. */
  static async start(): Promise<RadosGateway> {
    const directory = mkdtempSync(join(tmpdir(), 'rgw-'));
    const [monPort, port] = [await freePort(), await freePort()];
    for (const name of ['mon', 'osd', 'rgw']) mkdirSync(join(directory, name));
    writeFileSync(join(directory, 'ceph.conf'), configuration(directory, monPort, port));
    writeFileSync(join(directory, 'keyring'), keyring(), { mode: 0o600 });
    const gateway = new RadosGateway(directory, port);
    try {
      await gateway.#start(monPort);
    } catch (error) {
      const log = gateway.#log();
      await gateway.kill();
      throw new Error(`radosgw did not start: ${String(error)}\n${log}`);
    }
    return gateway;
  }

  /** Creates a user, whose objects may have so many bytes together. */
  async createUser(name: string, maxBytes?: number): Promise<S3Login> {
    const login = { accessKeyId: name, secretAccessKey: randomUUID() };
    await this.#createUser(login);
    if (maxBytes === undefined) return login;
    const quota = ['--quota-scope=user', `--uid=${name}`];
    await this.#run('radosgw-admin', 'quota', 'set', ...quota, `--max-size=${maxBytes}`);
    await this.#run('radosgw-admin', 'quota', 'enable', ...quota);
    return login;
  }

  /** Suspends the server: connections stay open and nothing is answered. */
  pause(): void {
    this.#processes.at(-1)?.child.kill('SIGSTOP');
  }

  resume(): void {
    this.#processes.at(-1)?.child.kill('SIGCONT');
  }

  /** Ends the server and forgets its objects. */
  async kill(): Promise<void> {
    for (const { child, watcher } of this.#processes.splice(0).reverse()) {
      watcher.kill('SIGKILL');
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #start(monPort: number): Promise<void> {
    const map = join(this.#directory, 'monmap');
    const osdId = randomUUID();
    await this.#run('monmaptool', '--create', '--addv', 'a', `[v2:127.0.0.1:${monPort}]`, map);
    await this.#run(
      'ceph-mon',
      '-i',
      'a',
      '--mkfs',
      '--monmap',
      map,
      '--keyring',
      join(this.#directory, 'keyring'),
    );
    this.#spawn('ceph-mon', '-i', 'a', '-f');
    await this.#run('ceph', 'osd', 'new', osdId);
    await this.#run('ceph', 'osd', 'crush', 'add', 'osd.0', '1', 'root=default', 'host=h');
    await this.#run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osdId);
    this.#spawn('ceph-osd', '-i', '0', '-f');
    const gateway = this.#spawn('radosgw', '-n', 'client.admin', '-f');
    const failed = once(gateway, 'exit').then(([code]) => {
      throw new Error(`radosgw ended with ${String(code)}`);
    });
    const answers = () =>
      fetch(this.url).then(
        () => true,
        () => false,
      );
    const ready = Promise.all([this.#createUser(this.login), until(answers)]);
    failed.catch(() => undefined);
    await Promise.race([failed, ready]);
  }

  async #createUser({ accessKeyId, secretAccessKey }: S3Login): Promise<void> {
    const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
    const names = [`--uid=${accessKeyId}`, `--display-name=${accessKeyId}`];
    await this.#run('radosgw-admin', 'user', 'create', ...names, ...keys);
  }

  get #configured(): string[] {
    return ['--conf', join(this.#directory, 'ceph.conf')];
  }

  #run(program: string, ...args: string[]): Promise<unknown> {
    return run(program, [...this.#configured, ...args], { timeout: 60_000 });
  }

  #spawn(program: string, ...args: string[]): ChildProcess {
    const output = openSync(join(this.#directory, 'output'), 'a');
    const child = spawn(program, [...this.#configured, ...args], { stdio: ['ignore', output, output] });
    child.on('error', () => undefined);
    this.#processes.push({ child, watcher: killWithParent(child) });
    return child;
  }

  #log(): string {
    return readFileSync(join(this.#directory, 'output'), { encoding: 'utf8', flag: 'a+' }).slice(-2_000);
  }
}

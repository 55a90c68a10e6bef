import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT, readImage } from '../files.mjs';

/** Step of the build stage that fills the folder which the runtime stage copies. */
const COPY_STEP = /^node (tools\/deploy\/copy-runtime\.mjs) (\/app) (.+)$/;

/** The runtime stage of the image in a folder: read-only but for its volumes, and run by its user where this process may change users. */
export class PlainImage {
  #root = mkdtempSync(join(tmpdir(), 'image-'));
  #image = readImage('docker/Dockerfile');
  #env;
  #identity = {};

  constructor(configuration, env) {
    const [uid, gid] = this.#image.user.split(':').map(Number);
    if (process.getuid() === 0) this.#identity = { uid, gid };
    const [, script, to, names] = this.#image.instructions
      .map((instruction) => COPY_STEP.exec(instruction.getArgumentsContent()))
      .find(Boolean);
    execFileSync(process.execPath, [join(ROOT, script), this.path(to), ...names.split(' ')]);
    this.#write(this.#image.command.at(-1), configuration);
    for (const folder of ['/app', '/etc']) setWritable(this.path(folder), false);
    for (const folder of [this.#image.workingDirectory, '/tmp']) this.#makeVolume(folder);
    chmodSync(this.#root, 0o555);
    this.#env = { ...this.#mapped(this.#image.env), TMPDIR: this.path('/tmp'), ...env };
  }

  /** Returns the place of a path of the image. */
  path(path) {
    return join(this.#root, path);
  }

  /** Starts the entry point with the image's command. */
  start() {
    const [command, ...args] = [...this.#image.entrypoint, ...this.#image.command];
    const child = spawn(command, this.#mapped(args), {
      ...this.#options(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (log += part));
    const ended = once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, log: () => log }));
    return {
      kill: (signal) => child.kill(signal),
      ended,
      isRunning: () => child.exitCode === null,
      log: () => log,
    };
  }

  /** Runs a command as in the container, and returns its exit code and output. */
  run(command, ...args) {
    const { status, stdout, stderr } = spawnSync(command, this.#mapped(args), {
      ...this.#options(),
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  /** Runs the health check, and returns its exit code. */
  checkHealth() {
    const [command, ...args] = this.#image.healthcheck;
    return this.run(command, ...args).status;
  }

  /** Returns the size of what was copied, in MB. */
  megabytes() {
    return Number(execFileSync('du', ['-sk', this.path('/app')], { encoding: 'utf8' }).split('\t')[0]) / 1024;
  }

  remove() {
    chmodSync(this.#root, 0o755);
    setWritable(this.#root, true);
    rmSync(this.#root, { recursive: true });
  }

  #options() {
    return { cwd: this.path(this.#image.workingDirectory), env: this.#env, ...this.#identity };
  }

  /** Replaces absolute paths of the image in texts by their places. */
  #mapped(texts) {
    const map = (text) =>
      text.replace(
        /(^|:)(\/(app|etc\/qtdal|var\/lib\/qtdal)(\/|$))/g,
        (_, before, path) => before + this.path(path),
      );
    return Array.isArray(texts)
      ? texts.map(map)
      : Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, map(text)]));
  }

  #write(path, text) {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  #makeVolume(path) {
    mkdirSync(this.path(path), { recursive: true });
    const { uid, gid } = this.#identity;
    if (uid !== undefined) chownSync(this.path(path), uid, gid);
  }
}

/** Adds or removes the right to write to all files and folders. */
function setWritable(path, isWritable) {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chmodSync(
    path,
    isWritable ? stat.mode | 0o200 : (stat.mode & ~0o222) | 0o444 | (stat.isDirectory() ? 0o111 : 0),
  );
  if (stat.isDirectory()) for (const name of readdirSync(path)) setWritable(join(path, name), isWritable);
}

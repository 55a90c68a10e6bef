import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { bundledProgram } from '@quantumtrade/dal-testing';

const MAIN = new URL('../main.ts', import.meta.url);

/** The service as a process of its own, as an operator starts it. */
export class ServiceProcess {
  readonly process: ChildProcess;
  /** Lines of its output. */
  readonly log: string[] = [];
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  readonly #listening: Promise<string>;

  private constructor(program: string, args: readonly string[]) {
    this.process = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.ended = once(this.process, 'exit').then(([code]) => code as number | null);
    this.#listening = new Promise((resolve, reject) => {
      for (const output of [this.process.stdout!, this.process.stderr!])
        createInterface(output).on('line', (line) => {
          this.log.push(line);
          if (line.includes('"listening"')) resolve((JSON.parse(line) as { url: string }).url);
        });
      void this.ended.then(() => reject(new Error(`the service did not listen: ${this.log.join('\n')}`)));
    });
    this.#listening.catch(() => undefined);
  }

  static async start(configFile: string, ...args: string[]): Promise<ServiceProcess> {
    return new ServiceProcess(await bundledProgram(MAIN), ['--config', configFile, ...args]);
  }

  /** Returns the URL once it listens. */
  listening(): Promise<string> {
    return this.#listening;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }
}

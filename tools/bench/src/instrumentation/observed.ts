import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatabaseAbstraction } from '@quantumtrade/dal';
import { defineConfig } from '@quantumtrade/dal-config';
import { composeTelemetry } from '@quantumtrade/dal-container';

/** Exporters of everything, to a collector in another process and a file, with the default sampling unless given. */
export class Exporters {
  readonly #collector: ChildProcess;
  readonly #url: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'bench-telemetry-'));

  private constructor(collector: ChildProcess, port: string) {
    this.#collector = collector;
    this.#url = `http://127.0.0.1:${port}`;
  }

  static async open(): Promise<Exporters> {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const script = fileURLToPath(new URL(`collector-process.${extension}`, import.meta.url));
    const collector = spawn(process.execPath, [...process.execArgv, script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(collector.stdout, 'data')) as [Buffer];
    return new Exporters(collector, String(line).trim());
  }

  /** Turns logs, spans and the export of metrics on, with its default interval, and returns what turns them off. */
  async observe(
    database: DatabaseAbstraction,
    sampling?: { readonly logs: number; readonly traces: number },
  ): Promise<() => Promise<void>> {
    const telemetry = await composeTelemetry(
      defineConfig({
        telemetry: {
          ...(sampling && { memoryReadSampling: sampling.logs }),
          metrics: { otlp: { url: `${this.#url}/v1/metrics` } },
          traces: { otlp: { url: `${this.#url}/v1/traces` }, ...(sampling && { sampling: sampling.traces }) },
          logs: {
            destination: 'file',
            file: join(this.#directory, 'dal.log'),
            ...(sampling && { sampling: sampling.logs }),
          },
        },
      }),
    );
    telemetry.watch(database);
    return () => telemetry.close();
  }

  async close(): Promise<void> {
    this.#collector.kill();
    await once(this.#collector, 'exit');
    rmSync(this.#directory, { recursive: true });
  }
}

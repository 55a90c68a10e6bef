import { execFile, spawnSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { killWithParent } from '../child-process.js';
import { freePort } from '../free-port.js';
import { until } from '../until.js';

/** A sample of an instant query. */
export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Options of {@link PrometheusProcess.start}. */
export interface PrometheusOptions {
  /** Host and port that are scraped once a second, at `/metrics`. */
  readonly target: string;
  /** Files with alert rules, which are evaluated once a second. @default none */
  readonly rules?: readonly string[];
  /** Bearer token of the scrapes. @default none */
  readonly token?: string;
}

/** A real Prometheus with data in a temporary directory. */
export class PrometheusProcess {
  readonly url: string;
  readonly #directory: string;
  readonly #child: ChildProcess;
  readonly #watcher: ChildProcess;

  private constructor(url: string, directory: string, child: ChildProcess) {
    this.url = url;
    this.#directory = directory;
    this.#child = child;
    this.#watcher = killWithParent(child);
  }

  /** Starts a server and resolves when it is ready. */
  static async start({ target, rules = [], token }: PrometheusOptions): Promise<PrometheusProcess> {
    const port = await freePort();
    const directory = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const file = join(directory, 'prometheus.yml');
    const job = {
      job_name: 'dal',
      static_configs: [{ targets: [target] }],
      ...(token !== undefined && { authorization: { credentials: token } }),
    };
    // JSON is YAML.
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: rules,
      scrape_configs: [job],
    };
    writeFileSync(file, JSON.stringify(config));
    const child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--enable-feature=exemplar-storage',
      ],
      { stdio: 'ignore' },
    );
    const failed = once(child, 'error').then(() => {
      throw new Error('prometheus did not start: install it (apt-get install prometheus)');
    });
    const started = new PrometheusProcess(`http://127.0.0.1:${port}`, directory, child);
    const isReady = () =>
      fetch(`${started.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await Promise.race([failed, until(isReady)]);
    return started;
  }

  /** Returns the samples of an instant query. */
  async query(expression: string): Promise<PrometheusSample[]> {
    const data = (await this.#get('query', { query: expression })) as {
      result: { metric: Record<string, string>; value: [number, string] }[];
    };
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Returns the labels of the exemplars of a metric. */
  async exemplars(metric: string): Promise<Record<string, string>[]> {
    const now = Date.now() / 1_000;
    const range = { query: metric, start: String(now - 600), end: String(now + 60) };
    const series = (await this.#get('query_exemplars', range)) as {
      exemplars: { labels: Record<string, string> }[];
    }[];
    return series.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels));
  }

  /** Returns the error of the last scrape; empty when it succeeded. */
  async scrapeError(): Promise<string> {
    const { activeTargets } = (await this.#get('targets')) as { activeTargets: { lastError: string }[] };
    return activeTargets[0]?.lastError ?? '';
  }

  async kill(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
    this.#watcher.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true });
  }

  async #get(path: string, parameters: Record<string, string> = {}): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = (await response.json()) as Record<string, unknown>;
    if (status !== 'success') throw new Error(String(error));
    return data;
  }
}

/** Returns whether the programs of Prometheus are on the path. */
export const hasPrometheus = (): boolean =>
  ['prometheus', 'promtool'].every(
    (program) => !spawnSync(program, ['--version'], { stdio: 'ignore' }).error,
  );

/** Runs promtool, e.g. with `check`, `rules` and a file. Returns its output; rejects with it when the check fails. */
export async function promtool(args: readonly string[], input?: string): Promise<string> {
  const running = promisify(execFile)('promtool', args);
  running.child.stdin!.end(input);
  try {
    const { stdout, stderr } = await running;
    return stdout + stderr;
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: unknown };
    if (code === 'ENOENT') throw new Error('there is no promtool: install it (apt-get install prometheus)');
    throw new Error(`promtool ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}

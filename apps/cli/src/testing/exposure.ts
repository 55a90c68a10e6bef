import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, subscribeLogging, subscribeTracing } from '@quantumtrade/dal-telemetry';
import { shownForms } from '@quantumtrade/dal-testing';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

/** Collects everything that a program shows, by the place where it is shown, and finds secrets in it. */
export class Exposure {
  readonly #texts = new Map<string, string[]>();
  readonly #spans = new InMemorySpanExporter();
  readonly #ends: (() => unknown)[] = [];

  /** Begins to collect log lines, spans, output and warnings of this process. */
  start(): void {
    const logger = createLogger({ level: 'trace', destination: { write: (line) => this.add('logs', line) } });
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] });
    const warn = (warning: Error) => this.show('warnings', warning);
    process.on('warning', warn);
    this.#ends.push(
      subscribeLogging(logger),
      subscribeTracing(provider),
      () => provider.shutdown(),
      () => process.off('warning', warn),
      ...[process.stdout, process.stderr].map((stream) => this.#record(stream, 'write')),
      ...(['log', 'warn', 'error', 'info', 'debug'] as const).map((name) => this.#record(console, name)),
    );
  }

  async stop(): Promise<void> {
    for (const span of this.#spans.getFinishedSpans()) this.show('spans', span);
    for (const end of this.#ends.splice(0)) await end();
  }

  add(place: string, text: string): void {
    const texts = this.#texts.get(place);
    if (texts) texts.push(text);
    else this.#texts.set(place, [text]);
  }

  /** Adds everything that inspecting, spreading or serializing a value shows, with stacks and causes of errors. */
  show(place: string, value: unknown): void {
    this.add(place, shownForms(value));
  }

  /** Adds the files below a directory. */
  addFiles(directory: string): void {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      this.add('files', file);
      if (entry.isFile()) this.add('files', readFileSync(file, 'latin1'));
    }
  }

  /** Adds the arguments of this process and of all processes below it, where the system shows them as files. */
  addProcessArguments(): void {
    if (process.platform !== 'linux') return;
    for (const pid of processTree(process.pid)) this.add('arguments', readProc(pid, 'cmdline'));
  }

  /** Number of texts by place. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#texts].map(([place, texts]) => [place, texts.length]));
  }

  /** Returns places with the secrets that they show in any encoding, e.g. `logs: CANARY-redis`. */
  leaksOf(secrets: readonly string[]): string[] {
    return [...this.#texts].flatMap(([place, texts]) =>
      secrets
        .filter((secret) => encodingsOf(secret).some((form) => texts.some((text) => text.includes(form))))
        .map((secret) => `${place}: ${secret}`),
    );
  }

  /** Records the calls of a method, which still happen. */
  #record<Name extends string>(target: Record<Name, (...args: never[]) => unknown>, name: Name): () => void {
    const method = target[name];
    target[name] = (...args: never[]) => {
      for (const arg of args) this.add('output', typeof arg === 'string' ? arg : shownForms(arg));
      return method.apply(target, args);
    };
    return () => (target[name] = method);
  }
}

/** Returns the secret as text, in hexadecimal, and as it stands in Base64 of a longer text. */
function encodingsOf(secret: string): string[] {
  const inBase64 = [0, 1, 2].map((offset) =>
    // The characters at both ends depend on what is before and behind.
    Buffer.from(`${'x'.repeat(offset)}${secret}`)
      .toString('base64')
      .slice(offset && 4, -4),
  );
  return [secret, Buffer.from(secret).toString('hex'), ...inBase64];
}

function processTree(root: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(/\) \S (\d+)/.exec(readProc(Number(name), 'stat'))?.[1])]),
  );
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

/** Returns a file of a process; an empty text when the process has ended. */
function readProc(pid: number, name: 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

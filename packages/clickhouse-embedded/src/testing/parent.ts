import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedClickHouse } from '../embedded-clickhouse.js';

/** Starts a process that starts a server, prints it and then runs the code `then`. */
export async function parentOfServer(then: string) {
  const module = new URL('../embedded-clickhouse.ts', import.meta.url);
  const script = `
    const { startEmbeddedClickHouse } = await import('${module}');
    const server = await startEmbeddedClickHouse();
    console.log(JSON.stringify(server));
    ${then}`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const ended = once(parent, 'exit') as Promise<[code: number | null, signal: string | null]>;
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  return { parent, ended, server: JSON.parse(line) as EmbeddedClickHouse };
}

/** Resolves when the process has ended. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(20);
  }
}

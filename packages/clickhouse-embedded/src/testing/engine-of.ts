import { execFileSync } from 'node:child_process';

/** Returns the process id of a server's engine; undefined while it is down. */
export function engineOf({ pid }: { pid: number }): number | undefined {
  const processes = execFileSync('ps', ['-A', '-o', 'ppid=,pid=,stat=']).toString().trim().split('\n');
  for (const line of processes) {
    const [parent, child, state] = line.trim().split(/\s+/);
    if (Number(parent) === pid && !state!.startsWith('Z')) return Number(child);
  }
  return undefined;
}

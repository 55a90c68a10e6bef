import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Runs a module in a process of its own, which gets the job as its first message and sends the outcome as its last. */
export async function inOwnProcess<Job extends object, Outcome>(module: URL, job: Job): Promise<Outcome> {
  const child = fork(module, { serialization: 'advanced' });
  child.send(job);
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of ${module.pathname} ended with ${code}`);
  });
  const [outcome] = (await Promise.race([once(child, 'message'), exited])) as [Outcome];
  return outcome;
}

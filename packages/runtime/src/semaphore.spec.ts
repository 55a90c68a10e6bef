import { Semaphore } from './semaphore.js';

/** Starts work that runs until the test ends it. */
function controlled(names: readonly string[], semaphore: Semaphore) {
  const running: string[] = [];
  const end = new Map<string, () => void>();
  const fail = new Map<string, (error: Error) => void>();
  const outcomes = names.map((name) =>
    semaphore.run(() => {
      running.push(name);
      return new Promise<string>((resolve, reject) => {
        end.set(name, () => resolve(name));
        fail.set(name, reject);
      });
    }),
  );
  return { running, end, fail, outcomes };
}

it('semaphore runs at most its permits at the same time, in order', async () => {
  const { running, end, outcomes } = controlled(['a', 'b', 'c', 'd'], new Semaphore(2));
  expect(running).toEqual(['a', 'b']);
  end.get('b')!();
  await expect(outcomes[1]).resolves.toBe('b');
  expect(running).toEqual(['a', 'b', 'c']);
  end.get('a')!();
  end.get('c')!();
  await outcomes[2];
  expect(running).toEqual(['a', 'b', 'c', 'd']);
});

it('semaphore frees the permit of failed work', async () => {
  const semaphore = new Semaphore(1);
  const { running, fail, outcomes } = controlled(['a', 'b'], semaphore);
  fail.get('a')!(new Error('broken'));
  await expect(outcomes[0]).rejects.toThrow('broken');
  expect(running).toEqual(['a', 'b']);
});

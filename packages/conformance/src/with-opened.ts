import type { TestRunner } from './runner.js';

/** Returns a function that declares a test with a subject of its own, which is closed after it. */
export function withOpened<Subject extends { close(): Promise<void> }>(
  { it }: TestRunner,
  open: () => Promise<Subject>,
) {
  return (name: string, body: (opened: Subject) => Promise<void>): void =>
    it(name, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close();
      }
    });
}

import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Deadline } from '@quantumtrade/dal-runtime';
import { pino } from 'pino';
import type { LogDestination } from './log-destination.js';

/** Lines are written many at once, because a system call costs more than a line, and after this time at the latest (milliseconds). */
const FLUSH_AFTER_MS = 500;
const WRITE_BYTES = 15 * 1024;
/** Lines that wait for a slow disk or pipe; further ones are dropped (bytes). */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const CLOSE_WITHIN_MS = 5_000;

/** A stream of buffers. One of texts counts the bytes of all that it holds again with each line. */
type Stream = Omit<ReturnType<typeof pino.destination>, 'write'> & { write(line: Buffer): boolean };

/** Writes lines to standard output (1) or standard error (2). */
export const standardDestination = (fd: 1 | 2): LogDestination =>
  destinationOver(openStream(fd), fd === 1 ? 'stdout' : 'stderr', () => undefined);

/**
 * Appends lines to a file, which is created with its folder, and opened again at SIGHUP: a rotated file is left then.
 * @throws Error naming the file when it cannot be opened
 */
export async function fileDestination(path: string): Promise<LogDestination> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, 'a')).close();
  } catch (error) {
    throw new Error(`the log file ${path} cannot be opened (${(error as NodeJS.ErrnoException).code})`);
  }
  const stream = openStream(path);
  const reopen = () => stream.reopen();
  process.on('SIGHUP', reopen);
  return destinationOver(stream, 'file', () => {
    process.off('SIGHUP', reopen);
    stream.end();
  });
}

const openStream = (dest: string | number): Stream =>
  pino.destination({
    dest,
    sync: false,
    minLength: WRITE_BYTES,
    maxLength: MAX_BUFFERED_BYTES,
    periodicFlush: FLUSH_AFTER_MS,
    contentMode: 'buffer',
  }) as unknown as Stream;

function destinationOver(stream: Stream, exporter: string, end: () => void): LogDestination {
  const counts = { exporter, failures: 0, dropped: 0 };
  stream.on('error', () => counts.failures++);
  stream.on('drop', () => counts.dropped++);
  const flushed = () =>
    new Promise<void>((resolve, reject) => stream.flush((error) => (error ? reject(error) : resolve())));
  return {
    counts,
    write: (line) => void stream.write(Buffer.from(line)),
    async close() {
      await new Deadline({ timeoutMs: CLOSE_WITHIN_MS }).race(flushed()).catch(() => counts.failures++);
      end();
    },
  };
}

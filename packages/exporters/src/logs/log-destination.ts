import type { ExporterCounts } from '../exporter.js';

/** Destination of log lines. */
export interface LogDestination {
  /** Takes a line, with its line feed. Never throws and never waits: a line that does not fit is dropped and counted. */
  write(line: string): void;
  /** Its `dropped` is the number of lines. */
  readonly counts: ExporterCounts;
  /** Writes what is buffered, within a limited time, and closes. */
  close(): Promise<void>;
}

/** Counts of one exporter, for its own metrics. */
export interface ExporterCounts {
  /** Name of the exporter, e.g. `cloudwatch.logs`. */
  readonly exporter: string;
  /** Exports that failed. */
  failures: number;
  /** Lines that were dropped; undefined for an exporter of anything else. */
  dropped?: number;
}

/** An exporter that runs until it is closed. */
export interface RunningExporter {
  readonly counts: ExporterCounts;
  /** Exports once more and ends. */
  close(): Promise<void>;
}

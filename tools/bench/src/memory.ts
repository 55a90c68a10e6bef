const SAMPLE_EVERY_MS = 50;

/** Memory of this process, in MiB. */
export interface Memory {
  readonly rss: number;
  /** Outside the heap, array buffers included. */
  readonly external: number;
  readonly arrayBuffers: number;
}

export function memoryNow(): Memory {
  const { rss, external, arrayBuffers } = process.memoryUsage();
  return { rss: inMiB(rss), external: inMiB(external), arrayBuffers: inMiB(arrayBuffers) };
}

const inMiB = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10;

/**
 * Watches the memory of this process. The returned function ends that and returns the peak above the start. Memory that the
 * process still held at the start, and uses again, is not in it.
 */
export function watchMemory(): () => Memory {
  const start = memoryNow();
  let peak = start;
  const sample = () => {
    const { rss, external, arrayBuffers } = memoryNow();
    peak = {
      rss: Math.max(peak.rss, rss),
      external: Math.max(peak.external, external),
      arrayBuffers: Math.max(peak.arrayBuffers, arrayBuffers),
    };
  };
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  return () => {
    clearInterval(timer);
    sample();
    return {
      rss: peak.rss - start.rss,
      external: peak.external - start.external,
      arrayBuffers: peak.arrayBuffers - start.arrayBuffers,
    };
  };
}

import type { ServerCondition } from '@quantumtrade/dal-domain';

const GIGABYTE = 1e9;

/** Returns the condition of a server, for people, e.g. `ch-1:8123: 75.2 of 252.0 GB free, at most 3 of 3000 parts, 0 mutations`. */
export function describeCondition({
  name,
  error,
  disks,
  replication,
  partitions,
  mutations,
}: ServerCondition): string {
  if (error !== undefined) return `${name}: not known (${error})`;
  const [disk] = disks.toSorted((a, b) => a.freeBytes / a.totalBytes - b.freeBytes / b.totalBytes);
  const [partition] = partitions.toSorted((a, b) => b.parts - a.parts);
  const behind = Math.max(...replication.map(({ delaySeconds }) => delaySeconds));
  const details = [
    disk && `${gigabytes(disk.freeBytes)} of ${gigabytes(disk.totalBytes)} GB free on ${disk.name}`,
    replication.length > 0 && `${behind} s behind`,
    partition && `at most ${partition.parts} of ${partition.maxParts} parts (${partition.table})`,
    `${mutations.length} mutations`,
  ];
  return `${name}: ${details.filter(Boolean).join(', ')}`;
}

const gigabytes = (bytes: number): string => (bytes / GIGABYTE).toFixed(1);

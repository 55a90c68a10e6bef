import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ObjectStore, PartitionContent, SnapshotTable } from '@quantumtrade/dal-domain/operations';
import type { BackupManifest, BackupObject, BackupTable } from './manifest.js';
import { listBackupObjects } from './manifest.js';

/** Parts of a base that a backup takes over. */
export class ReusableParts {
  readonly #tables: ReadonlyMap<string, BackupTable>;
  /** Sizes of the objects in the store. */
  readonly #sizes: ReadonlyMap<string, number>;

  private constructor(base: BackupManifest, sizes: ReadonlyMap<string, number>) {
    this.#tables = new Map(base.tables.map((table) => [table.table, table]));
    this.#sizes = sizes;
  }

  static async of(base: BackupManifest, store: ObjectStore, options: CallOptions): Promise<ReusableParts> {
    const sizes = new Map<string, number>();
    for await (const { key, size } of listBackupObjects(store, options)) sizes.set(key, size);
    return new ReusableParts(base, sizes);
  }

  /** Returns the objects of parts that are in the base, by the text of the part. One of the parts with equal rows stands for all. */
  objects({ table, columns }: SnapshotTable): Map<string, readonly BackupObject[]> {
    const before = this.#tables.get(table);
    const found = new Map<string, BackupObject[]>();
    if (!before || JSON.stringify(before.columns) !== JSON.stringify(columns)) return found;
    for (const object of before.objects) {
      const list = found.get(partText(object)) ?? [];
      if (!list.some(({ key }) => key === object.key)) list.push(object);
      found.set(partText(object), list);
    }
    for (const [part, objects] of found) {
      if (objects.some(({ key, size }) => this.#sizes.get(key) !== size)) found.delete(part);
    }
    return found;
  }

  /** Returns the content of partitions whose parts are those of the base. */
  contents({ table, columns, parts }: SnapshotTable): PartitionContent[] {
    const before = this.#tables.get(table);
    if (!before || JSON.stringify(before.columns) !== JSON.stringify(columns)) return [];
    return before.partitions.filter(({ partition }) => {
      const isIn = (each: { readonly partition: string }) => each.partition === partition;
      const texts = (list: readonly string[]) => JSON.stringify([...list].sort());
      const now = parts.filter(isIn).map(({ hash, rows }) => partText({ partition, part: { hash, rows } }));
      return texts(now) === texts(partsOf(before.objects.filter(isIn)));
    });
  }
}

type PartIdentity = Pick<BackupObject, 'partition' | 'part'>;

export const partText = ({ partition, part: { hash, rows } }: PartIdentity): string =>
  `${partition}/${hash}/${rows}`;

/** Returns the text of each part that objects belong to, of equal parts as often as there are. */
function partsOf(objects: readonly BackupObject[]): string[] {
  const keys = new Map<string, Map<string, number>>();
  for (const object of objects) {
    const counts = keys.get(partText(object)) ?? new Map<string, number>();
    keys.set(partText(object), counts.set(object.key, (counts.get(object.key) ?? 0) + 1));
  }
  return [...keys].flatMap(([text, counts]) =>
    Array.from({ length: Math.max(...counts.values()) }, () => text),
  );
}

import { Deadline, Secret, type AbortSource, type Cancel } from '@quantumtrade/dal-runtime';

/** A secret whose text a test changes. */
export class TestSecret extends Secret {
  /** Texts that were refused, in order. */
  readonly refused: string[] = [];
  /** The text that the next renewal finds. @default none: renewals change nothing */
  next: string | undefined;
  /** Resolves when a renewal may end. @default at once */
  delay: Promise<unknown> = Promise.resolve();
  readonly #watchers = new Set<() => void>();
  #current: string;

  constructor(text: string) {
    super('');
    this.#current = text;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  override reveal(): string {
    return this.#current;
  }

  change(text: string): void {
    this.#current = text;
    for (const watcher of this.#watchers) watcher();
  }

  override watch(onChange: () => void = () => undefined): Cancel {
    const watcher = () => onChange();
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  override async renew(refused: string, signal?: AbortSource): Promise<boolean> {
    this.refused.push(refused);
    await new Deadline({ signal }).race(this.delay);
    if (this.next !== undefined && this.next !== this.#current) this.change(this.next);
    return this.#current !== refused;
  }
}

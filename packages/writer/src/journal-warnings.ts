import type { JournalEvent } from '@quantumtrade/dal-journal';

/** What a journal found damaged, in words; undefined for what concerns no record. */
export function damageOf(event: JournalEvent): string | undefined {
  switch (event.type) {
    case 'quarantined':
      return `bytes ${event.start} to ${event.end} of ${event.segment} are damaged, a copy is in ${event.file ?? 'no file'}`;
    case 'not-a-file':
      return `${event.path} is no file`;
    case 'cursor-damaged':
      return 'the cursor is damaged, delivery starts from the oldest record';
    default:
      return undefined;
  }
}

/** Warns of damage by `process.emitWarning`, so that it is told where nobody listens to events. */
export const warnOfDamage =
  (directory: string) =>
  (event: JournalEvent): void => {
    const damage = damageOf(event);
    if (damage) process.emitWarning(`${directory}: ${damage}`, { code: 'QTDAL_DAMAGED' });
  };

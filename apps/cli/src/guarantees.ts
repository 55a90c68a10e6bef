import type { Guarantee, TableGuarantees } from '@quantumtrade/dal-domain';
import { GUARANTEES } from '@quantumtrade/dal-domain';

/** Returns one line: the guarantees of all tables, then the missing ones with reasons. */
export function describeGuarantees(tables: readonly TableGuarantees[]): string {
  if (tables.every(({ exists }) => !exists)) return 'there are no tables';
  const kept = GUARANTEES.filter((guarantee) => tables.every(({ keeps }) => keeps.includes(guarantee)));
  const flaws = GUARANTEES.flatMap((guarantee) => flawsOf(guarantee, tables));
  return [kept.length > 0 ? kept.join(', ') : 'nothing', ...flaws].join('; ');
}

/** Returns one text for each reason, with its tables unless it concerns all. */
function flawsOf(guarantee: Guarantee, tables: readonly TableGuarantees[]): string[] {
  const tablesByReason = new Map<string, string[]>();
  for (const { table, missing } of tables) {
    const flaw = missing.find((one) => one.guarantee === guarantee);
    if (flaw) tablesByReason.set(flaw.reason, [...(tablesByReason.get(flaw.reason) ?? []), table]);
  }
  return [...tablesByReason].map(([reason, names]) => {
    const where = names.length === tables.length ? '' : ` (${names.join(', ')})`;
    return `not ${guarantee}${where}: ${reason}`;
  });
}

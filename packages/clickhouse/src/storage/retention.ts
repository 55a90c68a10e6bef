import type { RecordName } from '@quantumtrade/dal-domain';
import { recordNames, records, requireObject, ValidationError } from '@quantumtrade/dal-domain';
import { completeSettings } from '@quantumtrade/dal-runtime';
import type { CompleteRetention, RecordRetention, RetentionSettings } from '../settings.js';
import { RETENTION_SETTINGS } from '../settings.js';

/** A century: the engine's dates hold a timestamp of today and this age. */
const MAX_DAYS = 36_525;
const MAX_LEVEL = 22;
const AGES = ['deleteAfterDays', 'moveAfterDays', 'recompressAfterDays'] as const;

/** Returns the retention with its defaults. Throws `ValidationError` naming what is unknown, wrong or contradicted. */
export function completeRetention(given: RetentionSettings, operation: string): CompleteRetention {
  const refuse = (field: string, reason: string): never => {
    throw new ValidationError(`retention.${field}`, reason, { operation });
  };
  const complete = completeSettings(RETENTION_SETTINGS, requireObject('retention', given, operation), refuse);
  for (const [record, rule] of Object.entries(complete)) {
    if (rule) requireRule(rule, (key, reason) => refuse(`${record}.${key}`, reason));
  }
  return complete;
}

function requireRule(rule: RecordRetention, refuse: (key: keyof RecordRetention, reason: string) => never) {
  for (const age of AGES) if (rule[age] > MAX_DAYS) refuse(age, `must be ${MAX_DAYS} or less`);
  const { deleteAfterDays, moveAfterDays, moveToVolume, recompressAfterDays, recompressLevel } = rule;
  if (recompressLevel > MAX_LEVEL) refuse('recompressLevel', `must be ${MAX_LEVEL} or less`);
  if (moveAfterDays > 0 && moveToVolume === undefined)
    refuse('moveToVolume', 'must be given with moveAfterDays');
  if (moveAfterDays === 0 && moveToVolume !== undefined)
    refuse('moveAfterDays', 'must be given with moveToVolume');
  if (deleteAfterDays === 0) return;
  if (moveAfterDays >= deleteAfterDays) refuse('moveAfterDays', 'must be less than deleteAfterDays');
  if (recompressAfterDays >= deleteAfterDays)
    refuse('recompressAfterDays', 'must be less than deleteAfterDays');
}

/**
 * Returns the TTL of a rule as the engine writes it; null for a rule that does nothing. The expression is a `DateTime64`: as a `DateTime`, a
 * timestamp after 2106 would count as one of the past.
 */
export function ttlOf(rule: RecordRetention | undefined): string | null {
  if (!rule) return null;
  const { deleteAfterDays, moveAfterDays, moveToVolume, recompressAfterDays, recompressLevel } = rule;
  const after = (days: number, action: string) =>
    days > 0 ? [`timestamp + toIntervalDay(${days})${action}`] : [];
  const elements = [
    ...after(moveAfterDays, ` TO VOLUME '${moveToVolume}'`),
    ...after(recompressAfterDays, ` RECOMPRESS CODEC(ZSTD(${recompressLevel}))`),
    ...after(deleteAfterDays, ''),
  ];
  return elements.length > 0 ? elements.join(', ') : null;
}

/** Returns the configured TTLs by table. */
export function ttlsByTable(retention: CompleteRetention): ReadonlyMap<string, string> {
  const ttls = recordNames.map((name: RecordName) => [records[name].table, ttlOf(retention[name])] as const);
  return new Map(ttls.filter((entry): entry is readonly [(typeof entry)[0], string] => entry[1] !== null));
}

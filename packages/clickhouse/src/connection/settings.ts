import { requireObject, ValidationError } from '@quantumtrade/dal-domain';
import { completeSettings } from '@quantumtrade/dal-runtime';
import type { ClickHouseSettings, CompleteSettings } from '../settings.js';
import { CLICKHOUSE_SETTINGS } from '../settings.js';

const operation = 'clickhouse.connect';

const refuse = (field: string, reason: string): never => {
  throw new ValidationError(field, reason, { operation });
};

/** Returns the settings with their defaults. Throws `ValidationError` for one that is unknown or wrong, without repeating it. */
export function completeClickHouseSettings(settings: ClickHouseSettings): CompleteSettings {
  const given = requireObject('settings', settings, operation) as ClickHouseSettings;
  const url = URL.canParse(given.url) ? new URL(given.url) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.pathname !== '/') {
    refuse('url', 'must be an http or https address without credentials or a path');
  }
  const complete = completeSettings(CLICKHOUSE_SETTINGS, given, refuse);
  if (!/^\w[\w-]*$/.test(complete.database)) refuse('database', 'must be made of letters, digits, _ and -');
  return { ...complete, url: url!.origin };
}

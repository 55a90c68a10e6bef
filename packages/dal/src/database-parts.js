import { keysOf, requireKnownKeys, requireObject } from '@quantumtrade/dal-domain';
const PARTS = keysOf({
    timeSeries: true,
    cache: true,
    clock: true,
    writing: true,
    archive: true,
    backupCondition: true,
    audit: true,
    actor: true,
});
/** Throws `ValidationError` naming a part that is unknown. */
export function requireDatabaseParts(parts) {
    const operation = 'database.open';
    requireKnownKeys(requireObject('parts', parts, operation), PARTS, operation);
}

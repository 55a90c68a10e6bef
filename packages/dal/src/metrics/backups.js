/** A store that cannot be read is a problem as well: no data must not look like good data. */
export const UNREADABLE_BACKUPS = {
    problems: ['the store of backups cannot be read'],
    ageMs: null,
    lastDrill: null,
};
export function measureBackups(into, { problems, ageMs, lastDrill }, now) {
    into.add('quantumtrade.dal.backup.problems', problems.length, {});
    if (ageMs !== null)
        into.add('quantumtrade.dal.backup.age', ageMs / 1_000, {});
    if (lastDrill === null)
        return;
    const ageSeconds = (now - Date.parse(lastDrill.startedAt)) / 1_000;
    into.add('quantumtrade.dal.backup.drill.age', Math.max(0, ageSeconds), {});
    into.add('quantumtrade.dal.backup.drill.duration', lastDrill.durationMs / 1_000, {});
    into.add('quantumtrade.dal.backup.drill.passed', Number(lastDrill.outcome === 'passed'), {});
}

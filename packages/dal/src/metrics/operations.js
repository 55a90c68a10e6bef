/** Adds the durations and errors of the operations that ran on one system. */
export function measureOperations(into, system, metrics) {
    for (const { operation, errorType, durations } of metrics.durations()) {
        const attributes = {
            'db.system.name': system,
            'db.operation.name': operation,
            'error.type': errorType,
        };
        const count = countOf(durations);
        if (count === 0)
            continue;
        into.add('db.client.operation.duration', durations, attributes);
        if (errorType !== undefined)
            into.add('quantumtrade.dal.operation.errors', count, attributes);
    }
}
const countOf = ({ counts }) => counts.reduce((sum, each) => sum + each, 0);

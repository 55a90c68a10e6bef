/** Process that records entries in an audit trail, and prints each one's id when it is durable. */
import { printLine } from '@quantumtrade/dal-testing';
import { openAuditTrail } from '../audit-trail.js';

const [directory = '', prefix = '', entries = ''] = process.argv.slice(2);
const trail = await openAuditTrail({
  directory,
  maxFileBytes: 8 * 1024,
  lockTimeoutMs: 60_000,
  onEvent: (event) => event.kind === 'failed' && process.stderr.write(`${String(event.error)}\n`),
});
let next = 0;
const callers = Array.from({ length: 4 }, async () => {
  while (next < Number(entries)) {
    const batchId = `${prefix}:${next++}`;
    const { recorded } = trail.stats();
    await trail.record({ operation: 'test', batchId, padding: 'x'.repeat(300) });
    if (trail.stats().recorded > recorded) printLine(batchId);
  }
});
await Promise.all(callers);
await trail.close();

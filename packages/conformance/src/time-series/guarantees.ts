import { GUARANTEES, records, unmetGuarantees } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject } from './subject.js';

/** What `GuaranteeInspector` promises, and that the migrated tables keep what nothing is lost with. */
export function guaranteeSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'guarantees', (backend) => {
    const { it, expect } = runner;
    const names = Object.values(records).map(({ table }) => table as string);

    it('are told of each table of a record, each as kept or as missing for a reason', async () => {
      const tables = await backend().guarantees.inspect();
      expect(tables.map(({ table }) => table)).toEqual(names);
      for (const { keeps, missing } of tables) {
        const told = [...keeps, ...missing.map(({ guarantee }) => guarantee)];
        expect(told.sort()).toEqual([...GUARANTEES].sort());
        for (const { reason } of missing) expect(reason.length).toBeGreaterThan(0);
      }
    });

    it('are enough for nothing to be lost or counted twice, however late it is written again', async () => {
      const tables = await backend().guarantees.inspect();
      expect(unmetGuarantees(tables)).toEqual([]);
      expect(unmetGuarantees(tables, ['keyed'])).toEqual([]);
      for (const { exists, remembers } of tables) {
        expect(exists).toBe(true);
        expect(remembers.blocks).toBeGreaterThan(0);
      }
    });

    it('are none without the schema', async () => {
      const { schema, guarantees } = backend();
      const version = await schema.version();
      await schema.migrate(0);
      for (const { exists, keeps, remembers } of await guarantees.inspect()) {
        expect({ exists, keeps, remembers }).toEqual({
          exists: false,
          keeps: [],
          remembers: { blocks: 0, seconds: null },
        });
      }
      await schema.migrate(version);
      expect(unmetGuarantees(await guarantees.inspect())).toEqual([]);
    });
  });
}

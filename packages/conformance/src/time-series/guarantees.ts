import { GUARANTEES, records, unmetGuarantees } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject } from './subject.js';

/** Tests `GuaranteeInspector` and the guarantees of the migrated tables. */
export function guaranteeSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'guarantees', (backend) => {
    const { it, expect } = runner;
    const names = Object.values(records).map(({ table }) => table as string);

    it('inspect reports each guarantee of each table, kept or missing', async () => {
      const tables = await backend().guarantees.inspect();
      expect(tables.map(({ table }) => table)).toEqual(names);
      for (const { keeps, missing } of tables) {
        const reported = [...keeps, ...missing.map(({ guarantee }) => guarantee)];
        expect(reported.sort()).toEqual([...GUARANTEES].sort());
        for (const { reason } of missing) expect(reason.length).toBeGreaterThan(0);
      }
    });

    it('migrated tables keep every required guarantee', async () => {
      const tables = await backend().guarantees.inspect();
      expect(unmetGuarantees(tables)).toEqual([]);
      expect(unmetGuarantees(tables, ['keyed'])).toEqual([]);
      for (const { exists, remembers } of tables) {
        expect(exists).toBe(true);
        expect(remembers.blocks).toBeGreaterThan(0);
      }
    });

    it('inspect reports no guarantee without the schema', async () => {
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

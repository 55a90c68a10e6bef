import type { GuaranteeInspector } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { judge } from './judge.js';
import { databaseFacts } from './table-facts.js';

/** Goes by what the engine says of its tables and settings; needs to read `system.tables` and the settings beside it. */
export function guaranteeInspector(sql: Sql): GuaranteeInspector {
  return {
    inspect: async (options) => {
      sql.checkOpen('guarantees.inspect', options);
      const facts = await databaseFacts(sql, options);
      return Object.values(records).map((definition) => judge(definition, facts));
    },
  };
}

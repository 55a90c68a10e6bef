import type { GuaranteeInspector } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { deriveGuarantees } from './derive-guarantees.js';
import { readDatabaseSettings } from './table-settings.js';

/** Creates the inspector, which reads `system.tables` and the settings in force. */
export function guaranteeInspector(sql: Sql): GuaranteeInspector {
  return {
    inspect: async (options) => {
      sql.checkOpen('guarantees.inspect', options);
      const settings = await readDatabaseSettings(sql, options);
      return Object.values(records).map((definition) => deriveGuarantees(definition, settings));
    },
  };
}

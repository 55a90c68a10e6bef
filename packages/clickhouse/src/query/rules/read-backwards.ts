import type { LatestPlan } from '../latest-query.js';
import type { Rule } from '../rule.js';
import { NEWEST_VERSION } from '../table-query.js';

/**
 * Reads the newest row of one key from the end of its rows backwards, where the key's fields and the timestamp begin the table's
 * key. The first row in the order is the newest version of its key, so that versions need not be merged.
 */
export const readBackwards: Rule<LatestPlan> = {
  name: 'read-backwards',
  apply(query, { definition, by, areSets, isMany, isHinted, limit }) {
    if (areSets || isMany || isHinted || limit !== 1) return undefined;
    const leading = [...by, 'timestamp'];
    if (leading.some((name, i) => definition.key[i] !== name)) return undefined;
    return {
      query: { ...query, isFinal: false, order: [...query.order, NEWEST_VERSION] },
      why: `rows are stored by ${leading.join(', ')}: the first one read backwards is the newest version of the newest row`,
    };
  },
};

import type { RecordDefinition } from '../records/definition.js';
import type { Canonical } from '../records/kinds/kind.js';
import { records } from '../records/records.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { comparePositions, rowPosition, rowComparison } from './order.js';
import { planPage } from './query.js';

/** Values of keys that are easily damaged on their way through JSON. */
const VALUES: Readonly<Record<string, readonly Canonical[]>> = {
  symbol: ["O'N", '🚀', '__proto__'],
  label: ['\uff21', 'a"b\\'],
  id: ['p 1', 'é'],
  instant: [-1, 0, 1_709_251_200_123],
  uint16: [0, 65_535],
  uint64: [0n, 2n ** 64n - 1n],
  uuid: ['00000000-0000-4000-8000-00000000000f'],
};

const scopeOf = (definition: RecordDefinition, params: object = {}) => {
  const plan = planPage(definition, params, 'test', 10);
  return { selection: plan, order: plan.order };
};

it.each(Object.values<RecordDefinition>(records))('a cursor of $name keeps the position', (definition) => {
  for (const order of ['time', 'key']) {
    const scope = scopeOf(definition, { order });
    for (let n = 0; n < 3; n++) {
      const position = scope.order.fields.map((name) => {
        const values = VALUES[definition.fields[name]!.kind]!;
        return values[n % values.length]!;
      });
      for (const missing of [[], [2], [1, 3]]) {
        const cursor = encodeCursor(scope, position, missing);
        expect(decodeCursor(scope, cursor, 'test')).toEqual({ position, missing });
      }
    }
    expect(decodeCursor(scope, encodeCursor(scope, []), 'test')).toEqual({ position: [], missing: [] });
  }
});

it('a cursor accepts names that other programs have stored', () => {
  const scope = scopeOf(records.marketData);
  const position = [' padded ', 5, 'x\u0000'];
  expect(decodeCursor(scope, encodeCursor(scope, position), 'test').position).toEqual(position);
});

it('a cursor fits the same selection in another form only', () => {
  const position = [0, 'A', 'x'];
  const cursor = encodeCursor(scopeOf(records.marketData, { symbol: 'A', startTime: new Date(5) }), position);
  const decode = (params: object) => decodeCursor(scopeOf(records.marketData, params), cursor, 'test');
  expect(decode({ symbols: ['A'], startTime: 5, order: 'time', limit: 3 }).position).toEqual(position);
  for (const params of [
    { symbol: 'A' },
    { symbol: 'B', startTime: 5 },
    { symbols: ['A', 'B'], startTime: 5, order: 'time' },
    { symbol: 'A', startTime: 5, filters: { source: 'x' } },
    { symbol: 'A', startTime: 5, direction: 'descending' },
  ]) {
    expect(() => decode(params)).toThrow(expect.objectContaining({ code: 'VALIDATION', field: 'cursor' }));
  }
});

it('positions compare as their rows do', () => {
  const rows = [
    { symbol: 'a', timestamp: 1, source: 'x' },
    { symbol: 'B', timestamp: 2, source: 'x' },
    { symbol: '\uff21', timestamp: 1, source: 'y' },
    { symbol: '🚀', timestamp: 1, source: 'x' },
  ];
  for (const direction of ['ascending', 'descending']) {
    for (const order of ['time', 'key']) {
      const planned = scopeOf(records.marketData, { order, direction }).order;
      const compare = rowComparison(planned);
      for (const a of rows) {
        for (const b of rows) {
          const positions = comparePositions(planned, rowPosition(planned, a), rowPosition(planned, b));
          expect(Math.sign(positions)).toBe(Math.sign(compare(a, b)));
          expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        }
      }
    }
  }
  const byKey = rowComparison(scopeOf(records.marketData, { order: 'key' }).order);
  expect(rows.toSorted(byKey).map(({ symbol }) => symbol)).toEqual(['B', 'a', '\uff21', '🚀']);
});

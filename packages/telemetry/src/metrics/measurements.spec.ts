import { Measurements } from './measurements.js';

it('families come in the order of their definitions, without undefined attributes', () => {
  const measurements = new Measurements();
  measurements.add('quantumtrade.dal.ready', 1, {});
  const attributes = {
    'db.system.name': 'memory',
    'db.operation.name': 'cache.get',
    'error.type': undefined,
  };
  const histogram = { bounds: [1], counts: [2, 0], sum: 1.5, exemplars: [undefined, undefined] };
  measurements.add('db.client.operation.duration', histogram, attributes);
  expect(measurements.families()).toEqual([
    {
      name: 'db.client.operation.duration',
      points: [
        {
          attributes: { 'db.system.name': 'memory', 'db.operation.name': 'cache.get' },
          value: histogram,
        },
      ],
    },
    { name: 'quantumtrade.dal.ready', points: [{ attributes: {}, value: 1 }] },
  ]);
});

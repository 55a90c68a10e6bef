import { METRICS, type MetricDefinition } from './definitions.js';

const definitions = Object.entries<MetricDefinition>(METRICS);

it('names of metrics and attributes are unique and in namespaces', () => {
  const name = /^(db\.client|quantumtrade\.dal)(\.[a-z][a-z0-9_]*)+$/;
  const attribute = /^(db|server|error|quantumtrade\.dal)(\.[a-z][a-z0-9_]*)+$/;
  for (const [metric, { attributes }] of definitions) {
    expect(metric).toMatch(name);
    for (const each of attributes) expect(each).toMatch(attribute);
    expect(new Set(attributes).size).toBe(attributes.length);
  }
});

it('units are those of UCUM, and descriptions are sentences', () => {
  for (const [, { unit, description, kind }] of definitions) {
    expect(unit).toMatch(/^(s|By|1|\{[a-z]+\})$/);
    expect(description).toMatch(/^[A-Z1].*\.$/);
    if (kind === 'histogram') expect(unit).toBe('s');
  }
});

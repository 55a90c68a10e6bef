import { records } from './records.js';

it('calls each record by its name', () => {
  for (const [name, definition] of Object.entries(records)) expect(definition.name).toBe(name);
});

it('keys, filters, groups and measures name fields', () => {
  for (const { fields, key, filters, groups, measures } of Object.values(records)) {
    for (const name of [...key, ...filters, ...groups, ...measures]) expect(fields).toHaveProperty(name);
  }
});

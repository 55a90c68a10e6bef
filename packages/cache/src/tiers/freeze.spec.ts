import { freeze } from './freeze.js';

it('freezes objects, arrays and dates at every depth', () => {
  const value = { list: [{ a: 1 }], at: new Date(0), text: 'x', none: null };
  freeze(value);
  expect(() => value.list.push({ a: 2 })).toThrow(TypeError);
  expect(() => (value.list[0]!.a = 2)).toThrow(TypeError);
  for (const name of Object.getOwnPropertyNames(Date.prototype).filter((each) => each.startsWith('set'))) {
    const set = (value.at as unknown as Record<string, (n: number) => void>)[name]!.bind(value.at);
    expect(() => set(1)).toThrow(TypeError);
  }
  expect(value).toEqual({ list: [{ a: 1 }], at: new Date(0), text: 'x', none: null });
});

it('keeps a frozen date usable as a date', () => {
  const date = new Date(Date.UTC(2024, 0, 2));
  freeze(date);
  expect(date).toBeInstanceOf(Date);
  expect(date.getUTCFullYear()).toBe(2024);
  expect(JSON.stringify(date)).toBe('"2024-01-02T00:00:00.000Z"');
  expect(new Date(date)).toEqual(date);
  expect(structuredClone(date)).toEqual(date);
});

it('returns the same size for a frozen value, growing with its content', () => {
  const text = (length: number) => freeze({ text: 'x'.repeat(length) });
  expect(text(1_000) - text(10)).toBe(990);
  expect(freeze(Array.from({ length: 1_000 }, () => 1))).toBeGreaterThan(8_000);
  expect(freeze(new Uint8Array(5_000))).toBeGreaterThan(5_000);
  const value = { a: [1, 2], at: new Date(0) };
  expect(freeze(value)).toBe(freeze(value));
});

import { checkObjectPrefix, isObjectKey } from './object-store.js';

const PART = 'p'.repeat(200);

it('accepts keys of plain parts', () => {
  const keys = ['a', 'a/b', 'archive/w-1/0000000001.segment', '_x/-y', 'a..b', `${PART}/${PART}`];
  expect(keys.filter((key) => !isObjectKey(key))).toEqual([]);
});

it('refuses keys that could leave a folder or hide a file', () => {
  const keys = [
    '',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/.b',
    '/a',
    'a/',
    'a//b',
    'a b',
    'a\\b',
    'a\n',
    'ä',
    'a\0',
    'a%2e',
  ];
  const longKeys = [`${PART}p`, `${PART}/${PART}/${PART}`];
  expect([...keys, ...longKeys, null, 7, {}].filter(isObjectKey)).toEqual([]);
});

it('accepts the beginnings of keys as prefixes', () => {
  for (const prefix of ['', 'a', 'a/', 'a/b', 'archive/w-1/00']) checkObjectPrefix(prefix, 'test');
  for (const prefix of ['/', '..', '../a', 'a/../', 'a//', 'a b', '.', 'a/.b', undefined]) {
    expect(() => checkObjectPrefix(prefix, 'test')).toThrow('prefix - must be the beginning of a key');
  }
});

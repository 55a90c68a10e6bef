import type { AcknowledgedWrite } from './write-token.js';
import { joinWriteTokens, toWriteToken, writesToSee } from './write-token.js';

const write = (endpoint: string, more: Partial<AcknowledgedWrite> = {}): AcknowledgedWrite => ({
  endpoint,
  shard: '1',
  record: 'marketData',
  id: 'block',
  ...more,
});
const raw = (content: unknown) => `w1.${Buffer.from(JSON.stringify(content)).toString('base64url')}`;

it('token has the writes that it was made of', () => {
  const writes = [write('ch-1:8123'), write('ch-2:8123', { record: 'features', id: 'other' })];
  expect(writesToSee(toWriteToken(writes), 'op')).toEqual(writes);
  expect(toWriteToken([])).toBeNull();
});

it('several writes at one place get an id of their own', () => {
  const [first, second] = ['a', 'b'].map((id) => toWriteToken([write('ch-1:8123', { id })]));
  const joined = writesToSee(joinWriteTokens([first!, null, second!]), 'op');
  expect(joined).toEqual([write('ch-1:8123', { id: expect.any(String) })]);
  expect(['a', 'b']).not.toContain(joined[0]!.id);
  expect(joinWriteTokens([first!, first!, null])).toBe(first);
  expect(joinWriteTokens([null])).toBeNull();
});

it('list of tokens has each write once', () => {
  const [first, second] = ['a', 'b'].map((id) => toWriteToken([write('ch-1:8123', { id })])!);
  expect(writesToSee([first!, second!, first!], 'op').map(({ id }) => id)).toEqual(['a', 'b']);
  expect(writesToSee([], 'op')).toEqual([]);
});

it.each([
  ['a number', 5, 'must be a write token or a list of them'],
  ['null', null, 'must be a write token or a list of them'],
  ['another text', 'token', 'is not a write token'],
  ['a list with a number', [5], 'is not a write token'],
  ['no JSON', 'w1.AAAA', 'is not a write token'],
  ['no writes', raw([]), 'is not a write token'],
  ['an unknown record', raw([['ch-1', '1', 'market_data; DROP', 'a']]), 'is not a write token'],
  ['a member of objects as record', raw([['ch-1', '1', 'constructor', 'a']]), 'is not a write token'],
  ['a long name', raw([['c'.repeat(513), '1', 'marketData', 'a']]), 'is not a write token'],
  ['a missing id', raw([['ch-1', '1', 'marketData']]), 'is not a write token'],
  ['a token that is too long', `w1.${'A'.repeat(20_000)}`, 'is not a write token'],
  ['too many tokens', Array.from({ length: 1_001 }, () => 'w1.'), 'must be at most 1000 write tokens'],
])('refuses %s by the field readAfter', (_case, given, reason) => {
  expect(() => writesToSee(given, 'op')).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field: 'readAfter', reason }),
  );
});

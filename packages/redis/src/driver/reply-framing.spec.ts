import fc from 'fast-check';
import { ReplyFraming } from './reply-framing.js';

const LIMITS = { maxBytes: 1_000_000 };

/** Whether all chunks are accepted. */
function accepts(chunks: readonly string[], limits = LIMITS): boolean {
  const framing = new ReplyFraming(limits);
  return chunks.every((chunk) => framing.accept(Buffer.from(chunk, 'latin1')));
}

const value: fc.Arbitrary<string> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('+OK\r\n', '-ERR no\r\n', '$-1\r\n', '*-1\r\n', '*0\r\n', '$0\r\n\r\n', ':-5\r\n'),
    fc.integer().map((number) => `:${number}\r\n`),
    fc
      .string({ unit: fc.constantFrom('a', '\r', '\n', '$', '*', '\xff') })
      .map((text) => `$${text.length}\r\n${text}\r\n`),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `*${items.length}\r\n${items.join('')}`),
  ),
})).value as fc.Arbitrary<string>;

it('ReplyFraming accepts every reply in chunks of any size', () => {
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (replies, cuts) => {
        const text = replies.join('');
        const chunks: string[] = [];
        for (let at = 0; at < text.length; at += chunks.at(-1)!.length) {
          chunks.push(text.slice(at, at + cuts.next().value));
        }
        expect(accepts(chunks)).toBe(true);
      },
    ),
  );
});

it('ReplyFraming accepts any number of replies within the limits', () => {
  const reply = `*2\r\n$600\r\n${'x'.repeat(600)}\r\n:1\r\n`;
  expect(accepts(new Array(5_000).fill(reply), { maxBytes: 700 })).toBe(true);
});

it.each<[string, string[]]>([
  ['another protocol', ['HTTP/1.1 400 Bad Request\r\n']],
  ['an unknown type', ['!5\r\nerror\r\n']],
  ['a line without a carriage return', ['+OK\n']],
  ['a length that is not a number', ['$five\r\n']],
  ['a length without digits', ['$\r\n']],
  ['a number with other signs', [':1e5\r\n']],
  ['a negative length', ['$-2\r\n']],
  ['a negative count', ['*-7\r\n']],
  ['a text that is too long', ['$1000001\r\n']],
  ['a text of endless length', [`$${'9'.repeat(19)}\r\n`]],
  ['a list that is too long', ['*1048577\r\n']],
  ['a list of endless length', ['*4294967296\r\n']],
  ['lists in lists without end', ['*1\r\n'.repeat(17)]],
  [
    'lists that are too long together',
    ['*3\r\n', ...new Array(3).fill('*500000\r\n' + ':1\r\n'.repeat(5e5))],
  ],
  ['texts that are too long together', ['*2\r\n', '$600000\r\n' + 'x'.repeat(6e5) + '\r\n', '$600000\r\n']],
  ['a line without an end', ['+', ...new Array(70).fill('x'.repeat(1_000))]],
  ['a long line at once', ['-' + 'x'.repeat(70_000) + '\r\n']],
  ['nothing but bytes', ['\0\0\0\0']],
])('ReplyFraming refuses %s', (_, chunks) => {
  expect(accepts(chunks, { maxBytes: 1_000_000 })).toBe(false);
});

import { RuleTester } from 'eslint';
import { describe, it } from 'node:test';
import { plainWords, shortTestNames } from './plain-words.mjs';

RuleTester.describe = describe;
RuleTester.it = it;
const tester = new RuleTester();

tester.run('plain-words', plainWords, {
  valid: [
    'const budget = 1;',
    'const gateway = 1; const mushroom = gateway; const years = mushroom;',
    '/** Returns the reason. */ export const f = 1;',
    '// a comment about `hears` in code\nf();',
    "it('returns rows when the server answers', () => {});",
    "notATest('told');",
    '/* What is not a doc comment may begin as it likes. */ f();',
  ],
  invalid: [
    { code: 'const byteRoom = 1;', errors: [{ messageId: 'name' }] },
    { code: 'class A { #ears = 1; }', errors: [{ messageId: 'name' }] },
    { code: 'const EAR_COUNT = 1;', errors: [{ messageId: 'name' }] },
    { code: 'const lane = 1; f(lane);', errors: [{ messageId: 'name' }] },
    { code: '// who is told\nf();', errors: [{ messageId: 'text' }] },
    { code: '/** What is kept. */ f();', errors: [{ messageId: 'start' }] },
    { code: '/**\n * The same of one batch.\n */ f();', errors: [{ messageId: 'start' }] },
    { code: "it('tells of changes', () => {});", errors: [{ messageId: 'text' }] },
    { code: "it.each([1])('hears of %s', () => {});", errors: [{ messageId: 'text' }] },
    { code: 'describe(`told ${x}`, () => {});', errors: [{ messageId: 'text' }] },
  ],
});

tester.run('short-test-names', shortTestNames, {
  valid: ["it('one two three four five six seven eight nine ten eleven twelve', () => {});"],
  invalid: [
    {
      code: "it('one two three four five six seven eight nine ten eleven twelve thirteen', () => {});",
      errors: [{ messageId: 'long' }],
    },
  ],
});

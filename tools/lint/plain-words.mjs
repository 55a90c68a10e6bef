/** ESLint rules that keep private words out of names, comments and test names. */
import { BANNED_FIRST_WORDS, BANNED_IN_NAMES, BANNED_IN_TEXTS, TEST_NAME_WORDS } from './words.mjs';

const TEST_FUNCTIONS = new Set(['describe', 'it', 'test']);

const wordsOfName = (name) => name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);
const wordsOfText = (text) => text.split(/[^A-Za-z'’]+/);

/** Returns each banned word among some words, with the word to use. */
function findBanned(words, banned) {
  const found = words.map((word) => word.toLowerCase()).filter((word) => Object.hasOwn(banned, word));
  return [...new Set(found)].map((word) => ({ word, instead: banned[word] }));
}

/** Returns the text that a call names a test or a group of tests with, `it.each(…)(name)` included. */
function testNameOf({ callee, arguments: [name] }) {
  let target = callee;
  while (target.type === 'MemberExpression' || target.type === 'CallExpression')
    target = target.object ?? target.callee;
  if (target.type !== 'Identifier' || !TEST_FUNCTIONS.has(target.name)) return undefined;
  if (name?.type === 'Literal' && typeof name.value === 'string')
    return { kind: target.name, text: name.value };
  return name?.type === 'TemplateLiteral'
    ? { kind: target.name, text: name.quasis.map(({ value }) => value.raw).join('x') }
    : undefined;
}

export const plainWords = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      name: '"{{name}}" has the private word "{{word}}": use {{instead}}.',
      text: 'The {{where}} has the private word "{{word}}": use {{instead}}.',
      start: 'The doc comment begins with "{{word}}": begin with a verb or a noun.',
    },
  },
  create(context) {
    const seen = new Set();
    const checkName = (node) => {
      if (seen.has(node.name)) return;
      seen.add(node.name);
      for (const { word, instead } of findBanned(wordsOfName(node.name), BANNED_IN_NAMES)) {
        context.report({ node, messageId: 'name', data: { name: node.name, word, instead } });
      }
    };
    const checkText = (loc, where, text) => {
      const prose = text.replace(/`[^`]*`/g, '');
      for (const { word, instead } of findBanned(wordsOfText(prose), BANNED_IN_TEXTS)) {
        context.report({ loc, messageId: 'text', data: { where, word, instead } });
      }
    };
    return {
      Identifier: checkName,
      PrivateIdentifier: checkName,
      CallExpression(node) {
        const name = testNameOf(node);
        if (name) checkText(node.arguments[0].loc, 'test name', name.text);
      },
      Program() {
        for (const { type, value, loc } of context.sourceCode.getAllComments()) {
          checkText(loc, 'comment', value);
          const [word] = (type === 'Block' && BANNED_FIRST_WORDS.exec(value.replace(/^[\s*]+/, ''))) || [];
          if (word && value.startsWith('*')) context.report({ loc, messageId: 'start', data: { word } });
        }
      },
    };
  },
};

export const shortTestNames = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { long: 'The test name has {{count}} words: {{limit}} are enough.' },
  },
  create: (context) => ({
    CallExpression(node) {
      const name = testNameOf(node);
      if (!name || name.kind === 'describe') return;
      const count = name.text.trim().split(/\s+/).length;
      if (count <= TEST_NAME_WORDS) return;
      context.report({ node: node.arguments[0], messageId: 'long', data: { count, limit: TEST_NAME_WORDS } });
    },
  }),
};

export default { rules: { 'plain-words': plainWords, 'short-test-names': shortTestNames } };

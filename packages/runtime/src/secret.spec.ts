import { inspect } from 'node:util';
import { Secret } from './index.js';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('returns its text from reveal', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it.each([
    ['text', String(secret)],
    ['a template', `${secret}`],
    ['JSON', JSON.stringify({ secret })],
    ['an inspection', inspect({ secret }, { showHidden: true, depth: null })],
  ])('hides its text in %s', (_form, shown) => {
    expect(shown).toContain('[secret]');
    expect(shown).not.toContain('hunter2');
  });
});

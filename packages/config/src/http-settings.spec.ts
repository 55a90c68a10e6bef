import { inspect } from 'node:util';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, explainConfig, loadConfig, parseConfig, Secret } from './index.js';
import { problemOf } from './testing.js';

const TOKEN = 'canary-token-0123456789';
const FILE = `[http]
open = ["health", "metrics"]
[[http.tokens]]
user = "ann"
token = "\${TOKEN}"
roles = ["read", "write"]
[[http.tokens]]
user = "bob"
sha256 = "${'ab'.repeat(32)}"`;

describe('http.tokens', () => {
  it('holds tokens as secrets, with the role read by default', () => {
    const { http } = parseConfig(FILE, { TOKEN });
    expect(http.tokens).toEqual([
      { user: 'ann', roles: ['read', 'write'], token: expect.any(Secret), sha256: undefined },
      { user: 'bob', roles: ['read'], token: undefined, sha256: 'ab'.repeat(32) },
    ]);
    expect(http.tokens[0]!.token!.reveal()).toBe(TOKEN);
    expect(inspect(http, { depth: 5 }) + JSON.stringify(http)).not.toContain('canary');
  });

  it('takes plain and wrapped tokens in code', () => {
    const tokenOf = (token: string | Secret) =>
      defineConfig({ http: { tokens: [{ user: 'ann', token }] } }).http.tokens[0]!.token!.reveal();
    expect(tokenOf(TOKEN)).toBe(TOKEN);
    expect(tokenOf(new Secret(TOKEN))).toBe(TOKEN);
    const config = parseConfig(FILE, { TOKEN });
    expect(defineConfig(config)).toEqual(config);
  });

  it('refers to secrets in a file only', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tokens-'));
    const path = join(directory, 'token');
    writeFileSync(path, TOKEN);
    try {
      const text = `[[http.tokens]]\nuser = "ann"\ntoken = "\${file:${path}}"`;
      const { http } = await loadConfig({ text, env: {} });
      expect(http.tokens[0]!.token!.reveal()).toBe(TOKEN);
    } finally {
      rmSync(directory, { recursive: true });
    }
    const tokens = [{ user: 'ann', token: '${file:/token}' }];
    const reason = 'only a file may refer to the secret ${file:/token}';
    expect(problemOf(() => defineConfig({ http: { tokens } }))).toMatchObject({
      key: 'http.tokens.0.token',
      reason,
    });
    const env = { QTDAL_HTTP__TOKENS: JSON.stringify(tokens) };
    expect(problemOf(() => parseConfig('', env))).toMatchObject({ reason });
  });

  it('is shown without its secrets', async () => {
    const { settings } = await explainConfig({ text: FILE, env: { TOKEN } });
    expect(settings).toContainEqual(expect.objectContaining({ key: 'http.open', value: 'health, metrics' }));
    expect(JSON.stringify(settings)).not.toContain('canary');
  });

  it.each([
    ['[{ token = "t" }]', 'http.tokens.0.user', 'must be given'],
    ['[{ user = "a", roles = ["admin"] }]', 'http.tokens.0.roles', 'expected a list of read, write, operate'],
    ['[{ user = "a", sha256 = "ab" }]', 'http.tokens.0.sha256', 'expected the 64 hexadecimal digits'],
  ])('refuses %s', (tokens, key, reason) => {
    const toml = `[http]\ntokens = ${tokens}`;
    expect(problemOf(() => parseConfig(toml, {}))).toMatchObject({
      key,
      reason: expect.stringContaining(reason),
    });
  });
});

describe('http.open', () => {
  it('is a list, and text with commas in the environment', () => {
    const open = (text: string) => parseConfig('', { QTDAL_HTTP__OPEN: text }).http.open;
    expect(open('health, read')).toEqual(['health', 'read']);
    expect(open('')).toEqual([]);
    expect(problemOf(() => open('health,write')).reason).toMatch(/^expected a list of health, metrics/);
  });
});

/**
 * Writes random passwords and tokens for docker/compose.yaml to docker/secrets/, which git ignores. Files that are there are kept:
 * delete one to change it. `node docker/make-secrets.mjs`
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = process.argv[2] ?? fileURLToPath(new URL('secrets', import.meta.url));

// Nobody else may enter the folder. The files are mounted one by one, for users of the containers that the host does not know.
mkdirSync(directory, { recursive: true, mode: 0o700 });
const write = (name, text) => writeFileSync(join(directory, name), text, { mode: 0o444 });
const secret = (name) => {
  const file = join(directory, name);
  if (!existsSync(file)) write(name, randomBytes(24).toString('hex'));
  return readFileSync(file, 'utf8');
};
const derive = (name, text) => {
  const file = join(directory, name);
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) write(name, text);
};
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

for (const name of ['clickhouse-password', 'grafana-password']) secret(name);
derive('redis-auth.conf', `requirepass ${secret('redis-password')}\n`);
derive(
  'token-hashes.env',
  `PROMETHEUS_TOKEN_SHA256=${sha256(secret('prometheus-token'))}\nAPPLICATION_TOKEN_SHA256=${sha256(secret('application-token'))}\n`,
);

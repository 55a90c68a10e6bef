import { parseReference } from './index.js';

it.each([
  ['${file:/run/secrets/redis}', 'file', '/run/secrets/redis', undefined],
  ['${file:/run/secrets/db.json#password}', 'file', '/run/secrets/db.json', 'password'],
  ['${aws-sm:prod/clickhouse#password}', 'aws-sm', 'prod/clickhouse', 'password'],
  ['${aws-sm:prod/token}', 'aws-sm', 'prod/token', undefined],
  [
    '${aws-sm:arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf#a key}',
    'aws-sm',
    'arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf',
    'a key',
  ],
])('parseReference parses %s', (text, scheme, name, key) => {
  expect(parseReference(text)).toEqual({ text, scheme, name, key });
});

it.each([
  '',
  'hunter2',
  '${NAME}',
  '${name:-default}',
  '${name:-a#b}',
  '$${file:/x}',
  '${file:}',
  '${file:#key}',
  '${file:/x#}',
  '${file:/x',
  'a${file:/x}',
  '${file:/x}b',
  '${file:${NAME}}',
  '${File:/x}',
])('parseReference takes %j for other text', (text) => {
  expect(parseReference(text)).toBeUndefined();
});

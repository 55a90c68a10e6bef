import fc from 'fast-check';
import { inspect } from 'node:util';
import { ConfigError, parseConfig } from './index.js';

describe('parseConfig', () => {
  /** Ways to write a secret, in valid and in invalid files. */
  const givers: readonly ((secret: string) => readonly [toml: string, env?: Record<string, string>])[] = [
    (secret) => [`[clickhouse]\npassword = "${secret}"`],
    (secret) => [`[clickhouse]\nurl = "http://ann:${secret}@ch:8123"`],
    (secret) => [`[redis]\nurl = "redis://:${secret}@r:6379"`],
    (secret) => ['[redis]\npassword = "${P}"', { P: secret }],
    (secret) => ['[redis]\nurl = "redis://:${P}@r/1"', { P: secret }],
    (secret) => ['', { QTDAL_REDIS__PASSWORD: secret }],
    (secret) => ['', { QTDAL_CLICKHOUSE__URL: `https://ann:${secret}@ch` }],
    (secret) => [`[clickhouse]\nurl = "ann:${secret}@ch"`],
    (secret) => [`[clickhouse]\nurl = "http://ch/?password=${secret}"`],
    (secret) => [`[clickhouse]\nurl = "http://ann:${secret}%@ch"`],
    (secret) => [`[clickhouse]\npassword = ["${secret}"]`],
    (secret) => [`[clickhouse]\npassword = { value = "${secret}" }`],
    (secret) => [`[clickhouse]\npasswort = "${secret}"`],
    (secret) => [`[clickhouse]\npassword = "${secret}\${"`],
    (secret) => [`[clickhouse]\npassword = "${secret}`],
    (secret) => [`[clickhouse]\npassword = ${secret}`],
    (secret) => [`clickhouse = "${secret}"`],
    (secret) => [`${secret} = "password"`],
    (secret) => [`[clickhouse]\n${secret} = "password"`],
    (secret) => [`[clickhouse]\npassword.${secret} = true`],
    (secret) => [`[redis.sentinel]\n"${secret}" = 1`],
    (secret) => [`[clickhouse]\n${secret} = 1\n${secret} = 2`],
    (secret) => [`[clickhouse]\nurl = "http://ann:${secret}@ch"\npassword = "other"`],
    (secret) => [`[redis]\nurl = "redis://${secret}@r"\nusername = "other"`],
    (secret) => [`backend = "${secret}"`],
    (secret) => [`[redis]\ncommand_timeout = "${secret}"`],
    (secret) => [`[redis]\npassword = "${secret}"\ncommand_timeout = "ten"`],
    (secret) => ['', { QTDAL_REDIS_PASSWORD: secret }],
    (secret) => [`backend = "memory"\n[clickhouse]\nurl = "http://ann:${secret}@ch"`],
    (secret) => ['[redis]\ndatabase = "${P}"', { P: secret }],
    (secret) => ['', { QTDAL_REDIS__DATABASE: secret }],
    (secret) => ['', { QTDAL_REDIS__CLUSTER__ENABLED: secret, QTDAL_REDIS__PASSWORD: secret }],
    (secret) => ['', { QTDAL_REDIS__PASWORD: secret }],
    (secret) => ['[redis]\npassword = "${P}${Q}"', { P: secret }],
  ];

  const everythingShown = (shown: unknown): string =>
    [
      String(shown),
      JSON.stringify(shown),
      inspect(shown, { showHidden: true, depth: null }),
      shown instanceof Error ? `${shown.message} ${shown.stack} ${inspect(shown.cause)}` : '',
    ].join('\n');

  it.each(givers.map((give) => [give.toString(), give] as const))(
    'shows no secret given as %s',
    (_name, give) => {
      fc.assert(
        fc.property(fc.stringMatching(/^s3cr[A-Za-z0-9]{4,20}$/), (secret) => {
          const [toml, env = {}] = give(secret);
          let outcome: unknown;
          try {
            outcome = parseConfig(toml, env);
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
            outcome = error;
          }
          expect(everythingShown(outcome)).not.toContain(secret);
        }),
        { numRuns: 20 },
      );
    },
  );

  it('treats an empty password as absent', () => {
    const { clickhouse, redis } = parseConfig(
      '[clickhouse]\npassword = ""\n[redis]\nurl = "redis://:@r"',
      {},
    );
    expect([clickhouse.password, redis.password]).toEqual([undefined, undefined]);
  });
});

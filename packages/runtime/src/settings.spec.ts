import { describe, expect, it } from '@jest/globals';
import { completeSettings, type SettingsInput } from './settings.js';

const SETTINGS = {
  name: { kind: 'text', required: true },
  size: { kind: 'count', min: 1, default: 5, unit: 'rows' },
  waitMs: { kind: 'duration', min: 0, default: 100, inFile: 'seconds' },
  mode: { kind: 'choice', values: ['fast', 'safe'], default: 'fast' },
  parts: { kind: 'choices', values: ['head', 'body'], default: [] },
  url: { kind: 'url', schemes: ['http'], default: 'http://host' },
  password: { kind: 'secret' },
  retry: {
    kind: 'group',
    settings: { factor: { kind: 'factor', default: 2 }, ratio: { kind: 'share', default: 0.1 } },
  },
  tls: { kind: 'group', settings: { verify: { kind: 'flag', default: true } }, optional: true },
  nodes: { kind: 'addresses', defaultPort: 1, default: [] },
  file: { kind: 'path' },
  hosts: {
    kind: 'list',
    of: {
      url: { kind: 'url', schemes: ['http'], required: true },
      weight: { kind: 'count', min: 1, default: 1, unit: 'shares' },
    },
    default: [],
  },
} as const;

const refuse = (path: string, reason: string): never => {
  throw new Error(`${path} ${reason}`);
};
const complete = (given: object) =>
  completeSettings(SETTINGS, { name: 'x', ...given } as SettingsInput<typeof SETTINGS>, refuse);

describe('completeSettings', () => {
  it('fills in defaults where nothing or undefined is given', () => {
    const defaults = {
      size: 5,
      waitMs: 100,
      mode: 'fast',
      parts: [],
      url: 'http://host',
      retry: { factor: 2, ratio: 0.1 },
      nodes: [],
      hosts: [],
    };
    expect(complete({ size: undefined })).toEqual({ name: 'x', ...defaults });
  });

  it('accepts a given value that equals the default', () => {
    const settings = { prefix: { kind: 'text', default: '' } } as const;
    expect(completeSettings(settings, { prefix: '' }, refuse)).toEqual({ prefix: '' });
  });

  it('returns given values, also those of groups', () => {
    const nodes = [{ host: 'a', port: 1 }];
    const given = { size: 1, waitMs: 0, parts: ['body', 'head'], retry: { factor: 1 }, tls: {}, nodes };
    expect(complete(given)).toMatchObject({ ...given, tls: { verify: true } });
  });

  it('fills in the defaults of the objects in a list', () => {
    const hosts = [{ url: 'http://a' }, { url: 'http://b', weight: 2 }];
    expect(complete({ hosts })).toMatchObject({ hosts: [{ url: 'http://a', weight: 1 }, hosts[1]] });
  });

  it.each<[object, string]>([
    [{ hosts: {} }, 'hosts must be a list of objects with url, weight'],
    [{ hosts: ['http://a'] }, 'hosts.0 must be an object'],
    [{ hosts: [{ url: 'http://a' }, {}] }, 'hosts.1.url must be given'],
    [{ hosts: [{ url: 'http://a', wait: 1 }] }, 'hosts.0.wait unknown key'],
    [{ name: undefined }, 'name must be given'],
    [{ name: '' }, 'name must be text that is not empty'],
    [{ sise: 1 }, 'sise unknown key, did you mean "size"?'],
    [{ size: 0 }, 'size must be a whole number above 0'],
    [{ size: '5' }, 'size must be a whole number above 0'],
    [{ waitMs: NaN }, 'waitMs must be a number, 0 or more'],
    [{ mode: 'slow' }, 'mode must be one of fast, safe'],
    [{ parts: 'head' }, 'parts must be a list of head, body, each at most once'],
    [{ parts: ['tail'] }, 'parts must be a list of head, body'],
    [{ parts: ['head', 'head'] }, 'parts must be a list of head, body'],
    [{ url: 'ftp://host' }, 'url must be a URL that starts with http://'],
    [{ password: 5 }, 'password must be text'],
    [{ retry: 5 }, 'retry must be an object'],
    [{ retry: { factor: 0.5 } }, 'retry.factor must be a number, 1 or more'],
    [{ tls: { verify: 'yes' } }, 'tls.verify must be true or false'],
    [{ nodes: [{ host: 'a', port: 0 }] }, 'nodes must be a list of addresses'],
    [{ file: ' a' }, 'file must be a path without spaces around it'],
  ])('refuses %j', (given, message) => {
    expect(() => complete(given)).toThrow(message);
  });
});

import { completeSettings, Secret } from '@quantumtrade/dal-runtime';
import { DirectoryObjectStore } from './directory/directory-object-store.js';
import { openObjectStore, type ObjectStoreSettings } from './open-object-store.js';
import { S3ObjectStore } from './s3/s3-object-store.js';
import { BACKUP_SETTINGS } from './settings.js';

const refuse = (path: string, reason: string): never => {
  throw new Error(`${path} ${reason}`);
};

const complete = (given: object) => completeSettings(BACKUP_SETTINGS, given, refuse) as ObjectStoreSettings;

it('opens the directory of a file URL', () => {
  const store = openObjectStore(complete({ url: 'file:///backups/of%20all' }));
  expect(store).toBeInstanceOf(DirectoryObjectStore);
  expect(store.location).toBe('/backups/of all');
});

it('opens the bucket and prefix of an S3 URL', () => {
  for (const url of ['s3://a-bucket', 's3://a-bucket/backups/prod']) {
    const store = openObjectStore(complete({ url }));
    expect(store).toBeInstanceOf(S3ObjectStore);
    expect(store.location).toBe(url);
  }
});

it('refuses texts that name no store', () => {
  const urls = [
    '',
    '/backups',
    'file://host/backups',
    'file:///',
    's3://',
    's3://Bucket',
    's3://b',
    's3://bucket/../a',
  ];
  for (const url of [...urls, 's3://bucket/', 's3://key:secret@bucket', 'https://bucket/a']) {
    expect(() => complete({ url })).toThrow('url must be file:///directory or s3://bucket/prefix');
  }
  for (const url of ['http://host/a', 'nonsense', 'file://host/a']) {
    expect(() => openObjectStore({ ...complete({}), url })).toThrow('url - must be file:///directory or s3:');
  }
});

it('refuses settings that contradict each other', () => {
  const locking = complete({ url: 'file:///backups', retainDays: 1 });
  expect(() => openObjectStore(locking)).toThrow('retainDays - must be 0 for a directory');
  const half = complete({ url: 's3://bucket', accessKeyId: new Secret('k3y') });
  expect(() => openObjectStore(half)).toThrow('secretAccessKey - must be given together with accessKeyId');
});

it('the copy has settings of its own', () => {
  const { copy } = completeSettings(BACKUP_SETTINGS, { copy: { url: 's3://second' } }, refuse);
  expect(openObjectStore({ ...copy!, timeoutMs: 1_000 }).location).toBe('s3://second');
  expect(() => complete({ copy: { region: 'x' } })).toThrow('copy.url must be given');
});

import { loadPeer } from './load-peer.js';

const missing = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from x`), { code: 'ERR_MODULE_NOT_FOUND' });

it('a missing package is named with the command that installs it', async () => {
  const load = () => Promise.reject(missing('some-sdk'));
  await expect(loadPeer('some-sdk', load, 'the exporter')).rejects.toThrow(
    'the exporter needs the package some-sdk: install it by "npm install some-sdk"',
  );
});

it('any other failure is passed on', async () => {
  const other = missing('another');
  await expect(loadPeer('some-sdk', () => Promise.reject(other), 'the exporter')).rejects.toBe(other);
});

import { expect, it } from '@jest/globals';
import { DnsResolver } from './resolver.js';

const endpoint = (url: string) => ({ url, role: 'primary' as const, shard: '1', weight: 1 });
const v4 = (address: string) => ({ address, family: 4 });

it('each address of a name becomes an endpoint, in a stable order', async () => {
  const resolver = new DnsResolver(() => Promise.resolve([v4('10.0.0.2'), v4('10.0.0.1')]));
  const resolved = await resolver.resolve([endpoint('https://ch:8443')]);
  expect(resolved.map(({ url, address }) => [url, address])).toEqual([
    ['https://ch:8443', '10.0.0.1'],
    ['https://ch:8443', '10.0.0.2'],
  ]);
});

it.each([
  ['a name with one address', 'http://ch', [v4('10.0.0.1')]],
  ['a host with addresses of both families', 'http://ch', [v4('10.0.0.1'), { address: '::2', family: 6 }]],
  ['an address', 'http://10.0.0.1', [v4('10.0.0.1'), v4('10.0.0.2')]],
  ['an IPv6 address', 'http://[::1]:8123', [v4('10.0.0.1'), v4('10.0.0.2')]],
  ['this machine', 'http://localhost', [v4('127.0.0.1'), v4('127.0.0.2')]],
])('%s stays one endpoint', async (_case, url, found) => {
  const resolver = new DnsResolver(() => Promise.resolve(found));
  expect(await resolver.resolve([endpoint(url)])).toEqual([endpoint(url)]);
});

it('name that cannot be looked up keeps its addresses', async () => {
  let found = [v4('10.0.0.1'), v4('10.0.0.2')];
  const resolver = new DnsResolver(() =>
    found.length === 0 ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(found),
  );
  const before = await resolver.resolve([endpoint('http://ch')]);
  found = [];
  expect(before).toHaveLength(2);
  expect(await resolver.resolve([endpoint('http://ch')])).toEqual(before);
});

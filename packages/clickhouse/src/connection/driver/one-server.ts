import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { ConnectionError } from '@quantumtrade/dal-domain';

/**
 * Looks up a name that stands for one server. Fails where it has several addresses of the preferred family, because what is sent to one
 * of them is not on the others.
 */
export const lookUpOneServer: LookupFunction = (name, options, callback) => {
  dns.lookup(name, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error || !first) return callback(error, '');
    if (addresses.filter(({ family }) => family === first.family).length > 1) {
      return callback(severalServers(name, addresses), '');
    }
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

const severalServers = (name: string, addresses: readonly LookupAddress[]) =>
  new ConnectionError(
    `${name} has ${addresses.length} addresses, but a written copy is one server: list each of them in endpoints`,
    { operation: 'clickhouse.connect' },
  );

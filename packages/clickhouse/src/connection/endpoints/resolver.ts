import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { CompleteEndpoint } from '../../settings.js';
import type { EndpointAddress } from './endpoint-address.js';

/** Returns the IP addresses of a name, preferred ones first. */
export type LookUp = (name: string) => Promise<readonly { address: string; family: number }[]>;

const systemLookUp: LookUp = (name) => lookup(name, { all: true });

/** Finds the servers behind DNS names. */
export class DnsResolver {
  readonly #lookUp: LookUp;
  /** Addresses that were found last, by name. */
  readonly #known = new Map<string, readonly string[]>();

  constructor(lookUp = systemLookUp) {
    this.#lookUp = lookUp;
  }

  /**
   * Returns an endpoint for each address of a name that has several, in a stable order. Of a name with IPv4 and IPv6 addresses, those
   * of the preferred family count: the others are of the same hosts. A name that cannot be looked up keeps its addresses.
   */
  async resolve(endpoints: readonly CompleteEndpoint[]): Promise<readonly EndpointAddress[]> {
    const resolved = await Promise.all(
      endpoints.map(async (endpoint) => {
        const addresses = await this.#addressesOf(new URL(endpoint.url).hostname);
        return addresses.length < 2 ? [endpoint] : addresses.map((address) => ({ ...endpoint, address }));
      }),
    );
    return resolved.flat();
  }

  async #addressesOf(name: string): Promise<readonly string[]> {
    if (name === 'localhost' || name.startsWith('[') || isIP(name) !== 0) return [];
    try {
      const found = await this.#lookUp(name);
      const addresses = found.filter(({ family }) => family === found[0]!.family);
      this.#known.set(name, addresses.map(({ address }) => address).sort());
    } catch {
      // The next look-up may succeed; connections report the name until then.
    }
    return this.#known.get(name) ?? [];
  }
}

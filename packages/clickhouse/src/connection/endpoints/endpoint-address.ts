import type { CompleteEndpoint } from '../../settings.js';

/** Server with a configured address, or with one of several addresses of a DNS name. */
export interface EndpointAddress extends CompleteEndpoint {
  /** IP address of the server. @default none: the host of the URL is connected to */
  readonly address?: string;
}

/** Returns host and port, e.g. `ch-2:8123`. */
export function nameOf({ url, address }: EndpointAddress): string {
  const { protocol, hostname, port } = new URL(url);
  const host = address === undefined ? hostname : address.includes(':') ? `[${address}]` : address;
  return `${host}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

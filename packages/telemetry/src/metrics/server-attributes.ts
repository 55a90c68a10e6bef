/** Attributes of a server of a backend. */
export interface ServerAttributes {
  readonly 'server.address': string;
  readonly 'server.port': string;
}

/** Returns the attributes of a server, given its host and port, e.g. `ch-2:8123`. */
export function serverAttributes(name: string): ServerAttributes {
  const colon = name.lastIndexOf(':');
  return { 'server.address': name.slice(0, colon), 'server.port': name.slice(colon + 1) };
}

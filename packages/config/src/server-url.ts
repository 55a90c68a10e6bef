/** The parts of a server's URL. */
export interface ServerUrl {
  /** Scheme, host and port. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
}

/**
 * Splits `scheme://user:password@host:port/database`, or returns why it is refused. The reason never quotes the URL, which
 * may hold a password.
 */
export function splitServerUrl(text: string): ServerUrl | { readonly reason: string } {
  const url = new URL(text);
  if (url.search || url.hash) {
    return { reason: 'expected a URL without "?" and "#", or with them as %3F and %23' };
  }
  if (url.pathname.indexOf('/', 1) > 0) return { reason: 'expected nothing but a database after the host' };
  try {
    const [username, password, database] = [url.username, url.password, url.pathname.slice(1)].map(
      (part) => decodeURIComponent(part) || undefined,
    );
    return { url: `${url.protocol}//${url.host}`, username, password, database };
  } catch {
    return { reason: 'expected "%" in the URL to be written as %25' };
  }
}

import { z } from 'zod';

/** The parts of a server's URL. */
export interface Endpoint {
  /** The address alone: scheme, host and port. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
}

/**
 * Splits `scheme://user:password@host:port/database`. Its complaints never quote the URL, which may hold a password.
 */
export function endpoint(...schemes: string[]) {
  return z.string().transform((text, context): Endpoint => {
    const complain = (message: string) => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url?.host || !schemes.includes(url.protocol.slice(0, -1))) {
      return complain(
        `expected a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
      );
    }
    if (url.search || url.hash)
      return complain('expected a URL without "?" and "#", or with them as %3F and %23');
    if (url.pathname.indexOf('/', 1) > 0) return complain('expected nothing but a database after the host');
    try {
      const [username, password, database] = [url.username, url.password, url.pathname.slice(1)].map(
        (part) => decodeURIComponent(part) || undefined,
      );
      return { url: `${url.protocol}//${url.host}`, username, password, database };
    } catch {
      return complain('expected "%" in the URL to be written as %25');
    }
  });
}

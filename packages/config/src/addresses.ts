import { z } from 'zod';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const pattern = /^(?:\[(?<ipv6>[0-9A-Fa-f:.]+)\]|(?<name>[^\s:@/[\]]+))(?::(?<port>\d{1,5}))?$/;

/**
 * Addresses as a list of `host:port`, or as one text with commas between them, since the environment has nothing else.
 * The port may be left out.
 */
export function addresses(defaultPort: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
    z.array(
      z.string().transform((text, context): Address => {
        const { ipv6, name, port = defaultPort } = pattern.exec(text)?.groups ?? {};
        const host = ipv6 ?? name;
        if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535)
          return { host, port: Number(port) };
        context.addIssue({ code: 'custom', message: 'expected host:port' });
        return z.NEVER;
      }),
    ),
  );
}

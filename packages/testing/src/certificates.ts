import { fileURLToPath } from 'node:url';

/** Returns the path of a certificate or key for tests, for example `server.pem`. */
export const certificatePath = (name: string): string =>
  fileURLToPath(new URL(`../tls/${name}`, import.meta.url));

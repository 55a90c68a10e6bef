import { readFileSync } from 'node:fs';
import { ConfigError, type TlsConfig } from '@quantumtrade/dal-config';

/** Reads the files of TLS of a section of the configuration. Throws `ConfigError` for a file that cannot be read. */
export function tlsSettings(
  section: 'clickhouse' | 'redis',
  { caFile, certFile, keyFile, ...others }: TlsConfig,
) {
  return {
    ...others,
    ca: textOf(`${section}.tls.ca_file`, caFile),
    cert: textOf(`${section}.tls.cert_file`, certFile),
    key: textOf(`${section}.tls.key_file`, keyFile),
  };
}

function textOf(key: string, file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file, 'utf8');
  } catch (error) {
    const reason = `cannot be read (${(error as NodeJS.ErrnoException).code})`;
    throw new ConfigError({ key, reason, source: file! });
  }
}

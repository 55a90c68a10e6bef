import type { SettingsInput, SettingsOf } from './settings.js';

/** Settings of TLS that are the same in code and in a configuration. */
const TLS_IDENTITY = {
  /** The name that the servers' certificates must have. Without it, the host connected to. */
  servername: { kind: 'text' },
  /** Whether an invalid certificate ends the connection; `false` trusts any server. */
  rejectUnauthorized: { kind: 'flag', default: true },
} as const;

/** Settings of TLS in code. All texts are PEM. */
export const TLS_SETTINGS = {
  /** The trusted authorities. Without it, those that Node.js trusts. */
  ca: { kind: 'text' },
  /** The certificate of this client, where the server asks for one. */
  cert: { kind: 'text' },
  /** The key of this client's certificate. */
  key: { kind: 'secret' },
  ...TLS_IDENTITY,
} as const;

/** Settings of TLS in a configuration. All files are PEM and are read when the connection is made. */
export const TLS_FILE_SETTINGS = {
  /** File with the trusted authorities. Without it, those that Node.js trusts. */
  caFile: { kind: 'path' },
  /** File with the certificate of this client, where the server asks for one. */
  certFile: { kind: 'path' },
  /** File with the key of this client's certificate. */
  keyFile: { kind: 'path' },
  ...TLS_IDENTITY,
} as const;

/** TLS of a client. Only what differs from the defaults need be given. */
export type TlsSettings = SettingsInput<typeof TLS_SETTINGS>;
/** Returns the options of Node.js for settings of TLS. */
export const tlsOptions = ({ key, ...others }: TlsSettings) => ({
  ...others,
  ...(key !== undefined && { key: typeof key === 'string' ? key : key.reveal() }),
});

/** TLS of a client in a configuration, with defaults. */
export type TlsFileSettings = SettingsOf<typeof TLS_FILE_SETTINGS>;

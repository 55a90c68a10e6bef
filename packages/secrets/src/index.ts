export { parseReference, type SecretReference } from './reference.js';
export { onSecretRefresh, type SecretRefresh } from './secret-channel.js';
export { SecretError, type SecretSource } from './secret-source.js';
export { SecretStore, type SecretSources, type SecretStoreOptions } from './secret-store.js';
export type { AwsSettings, SecretsSettings } from './settings.js';

export {
  AWS_CREDENTIALS,
  AWS_REGION,
  FakeSecretsManager,
  type SecretAnswer,
} from './fake-secrets-manager.js';

import { channel } from 'node:diagnostics_channel';

/** A refresh that changed a secret, or failed. */
export interface SecretRefresh {
  readonly reference: string;
  /** Why it failed. @default it succeeded, and the text changed */
  readonly reason?: string;
}

const refreshes = channel('quantumtrade:dal:secret');

export const publishRefresh = (refresh: SecretRefresh): void => refreshes.publish(refresh);

/**
 * Calls a listener after each refresh that changed a secret or failed. A listener must not throw.
 * @returns a function that stops it
 */
export function onSecretRefresh(listener: (refresh: SecretRefresh) => void): () => void {
  const receive = (message: unknown) => listener(message as SecretRefresh);
  refreshes.subscribe(receive);
  return () => refreshes.unsubscribe(receive);
}

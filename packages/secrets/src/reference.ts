/** A reference to a secret in a configuration, e.g. `${aws-sm:prod/clickhouse#password}`. */
export interface SecretReference {
  /** The whole text. */
  readonly text: string;
  /** The name of the source, e.g. `aws-sm`. */
  readonly scheme: string;
  /** The name of the secret there, e.g. `prod/clickhouse`. */
  readonly name: string;
  /** The key of the JSON object that the secret is. @default none: the secret is the text itself */
  readonly key: string | undefined;
}

const SYNTAX = /^\$\{([a-z][a-z0-9-]*):([^#{}]+)(?:#([^{}]+))?\}$/;

/** Returns the reference that a text is; undefined for any other text. */
export function parseReference(text: string): SecretReference | undefined {
  const [, scheme, name, key] = SYNTAX.exec(text) ?? [];
  if (scheme === undefined || name === undefined || name.startsWith('-')) return undefined;
  return { text, scheme, name, key };
}

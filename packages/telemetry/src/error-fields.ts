/** The fields of an error that are safe to log. */
export interface ErrorFields {
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
  readonly queryId?: string;
  readonly retryable?: boolean;
}

const credentialsInUrl = /(\w:\/\/)[^\s/@]+@/g;

/** Returns the safe fields of an error. Drivers put commands, rows and passwords on theirs. */
export function errorFields(error: unknown): ErrorFields {
  if (typeof error !== 'object' || error === null) {
    return { name: 'Error', message: 'a value that is no Error was thrown' };
  }
  const { name, message, code, queryId, retryable } = error as Readonly<Record<string, unknown>>;
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message.replace(credentialsInUrl, '$1[secret]@') : '',
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof queryId === 'string' && { queryId }),
    ...(typeof retryable === 'boolean' && { retryable }),
  };
}

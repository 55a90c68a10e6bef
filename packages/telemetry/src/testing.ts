/** Log destination that keeps its lines and parses them. */
export class LogLines {
  readonly texts: string[] = [];

  write(text: string): void {
    this.texts.push(text);
  }

  get lines(): Record<string, unknown>[] {
    return this.texts.map((text) => JSON.parse(text) as Record<string, unknown>);
  }
}

/** Returns an error as a driver throws it, with unsafe fields. */
export const driverError = (): Error =>
  Object.assign(new Error('refused by redis://ann:hunter2@cache:6379'), {
    name: 'ConnectionError',
    code: 'CONNECTION_REFUSED',
    queryId: 'q-7',
    retryable: true,
    command: { name: 'auth', args: ['hunter2'] },
    cause: new Error('hunter2'),
  });

/** A way to obtain a server. */
export interface Source<Server> {
  /** Name for the error message when no source has a server. */
  readonly name: string;
  /** Starts or finds the server. Returns undefined when this source has none on this machine. */
  find(): Promise<Server | undefined>;
}

/** Returns the server of the first source that has one. Throws an error that says what to install when none has. */
export async function firstAvailable<Server>(
  kind: string,
  sources: readonly Source<Server>[],
  remedy: string,
): Promise<Server> {
  const tried: string[] = [];
  for (const source of sources) {
    try {
      const server = await source.find();
      if (server) return server;
      tried.push(`${source.name}: none`);
    } catch (error) {
      tried.push(`${source.name}: ${(error as Error).message}`);
    }
  }
  throw new Error(`Tests need a ${kind} and found none. ${remedy}\n  ${tried.join('\n  ')}`);
}

/** One way to come by a server. */
export interface Source<Server> {
  /** What it is, for the message when no source has one. */
  readonly name: string;
  /** Starts or finds the server; undefined where this source has none on this machine. */
  find(): Promise<Server | undefined>;
}

/** The first source that has a server. None is a failure that says what to install, never a reason to skip a test. */
export async function firstAvailable<Server>(
  what: string,
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
  throw new Error(`Tests need a ${what} and found none. ${remedy}\n  ${tried.join('\n  ')}`);
}

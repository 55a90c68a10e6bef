/** Loads a package that is installed only where it is used. Throws an error that names it when it is missing. */
export async function loadPeer<T>(name: string, load: () => Promise<T>, purpose: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(`'${name}'`)) throw error;
    throw new Error(`${purpose} needs the package ${name}: install it by "npm install ${name}"`, {
      cause: error,
    });
  }
}

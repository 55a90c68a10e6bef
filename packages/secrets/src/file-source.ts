import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { SecretError, type SecretSource } from './secret-source.js';

/** Longest file that is read as a secret (bytes). */
const MAX_BYTES = 65_536;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  ENOTDIR: 'the file does not exist',
  EACCES: 'the file may not be read by this process',
  EPERM: 'the file may not be read by this process',
};

/** Reads secrets from files, such as those that Docker and Kubernetes mount. One line end at the end of a file is no part of the secret. */
export class FileSource implements SecretSource {
  async fetch(path: string): Promise<string> {
    if (!isAbsolute(path)) throw new SecretError('expected an absolute path');
    try {
      // A pipe would be waited for.
      if (!(await stat(path)).isFile()) throw new SecretError('expected a regular file');
      const chunks: Buffer[] = [];
      for await (const chunk of createReadStream(path, { end: MAX_BYTES })) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      if (bytes.length > MAX_BYTES) throw new SecretError(`the file is larger than ${MAX_BYTES} bytes`);
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '');
    } catch (error) {
      if (error instanceof SecretError) throw error;
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new SecretError('the file is not UTF-8');
      throw new SecretError(REASONS[code] ?? `the file cannot be read (${code})`);
    }
  }
}

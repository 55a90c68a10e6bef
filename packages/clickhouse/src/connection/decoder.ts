import { constants, createGunzip } from 'node:zlib';

/** Takes the bytes of a body as they come over the wire, and gives those that they stand for. */
export interface Decoder {
  write(chunk: Buffer): void;
  /** Decodes what has come, then settles with the error that the source ended with or that decoding fails with. */
  end(error: Error | undefined): void;
  stop(): void;
}

/** Undefined for an encoding that was not asked for. */
export function decoderOf(
  encoding: string,
  take: (chunk: Buffer) => void,
  settle: (error?: unknown) => void,
): Decoder | undefined {
  if (encoding === 'identity') return { write: take, end: settle, stop: () => undefined };
  if (encoding !== 'gzip') return undefined;
  const gunzip = createGunzip();
  gunzip.on('data', take);
  gunzip.on('error', settle);
  gunzip.once('end', () => settle());
  return {
    write: (chunk) => void gunzip.write(chunk),
    end: (error) => {
      if (error === undefined) gunzip.end();
      else gunzip.flush(constants.Z_SYNC_FLUSH, () => settle(error));
    },
    stop: () => void gunzip.destroy(),
  };
}

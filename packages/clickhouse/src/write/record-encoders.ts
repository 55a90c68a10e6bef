import type { RecordName } from '@quantumtrade/dal-domain';
import { requireRecord } from '@quantumtrade/dal-domain';
import { BlockEncoder } from '../codec/block-encoder.js';

/** One encoder for each record, made when first needed and shared by all who write. */
export class RecordEncoders {
  readonly #encoders = new Map<RecordName, BlockEncoder>();

  of(record: RecordName): BlockEncoder {
    let encoder = this.#encoders.get(record);
    if (!encoder) {
      const definition = requireRecord(record, 'blocks.collect');
      // The version decides between two writes of one key.
      encoder = new BlockEncoder(definition, { writtenAt: { kind: 'version' } });
      this.#encoders.set(record, encoder);
    }
    return encoder;
  }
}

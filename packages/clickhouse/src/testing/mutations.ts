import type { Random } from '@quantumtrade/dal-testing';

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const TYPES = [
  ...[
    'UInt8',
    'UInt64',
    'String',
    'LowCardinality(String)',
    'Nullable(UInt8)',
    'Array(String)',
    'Map(String, UInt8)',
  ],
  ...[
    'Decimal(18, 8)',
    'Decimal(76, 8)',
    'Tuple(a UInt8, b String)',
    "Enum8('a' = 1)",
    'FixedString(7)',
    'Polygon',
    '',
  ],
];
const HUGE = [2 ** 7, 2 ** 14, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 45, 2 ** 53 - 1];

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const replaced = (bytes: Buffer, from: number, to: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);

const MUTATIONS: readonly Mutation[] = [
  /** Changes one byte. */
  (bytes, random) => {
    const changed = Buffer.from(bytes);
    changed[random.below(bytes.length)] = random.below(256);
    return changed;
  },
  /** Cuts the end off. */
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  /** Puts a huge count at the place of a byte, as a varint or as 64 bits. */
  (bytes, random) => {
    const at = random.below(bytes.length);
    const count = random.pick(HUGE);
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64LE(BigInt(count));
    return random.chance(0.5)
      ? replaced(bytes, at, at + 1, varint(count))
      : replaced(bytes, at, Math.min(at + 8, bytes.length), wide);
  },
  /** Makes the number of columns or of rows huge. */
  (bytes, random) => {
    const at = random.below(2);
    return replaced(bytes, at, at + 1, varint(random.pick(HUGE)));
  },
  /** Replaces a name or a text. */
  (bytes, random) => {
    const at = random.below(bytes.length);
    const type = Buffer.from(random.pick(TYPES));
    return replaced(bytes, at, at + 1 + bytes[at]!, Buffer.concat([varint(type.length), type]));
  },
  /** Inserts garbage. */
  (bytes, random) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at, random.bytes(1 + random.below(20)));
  },
  /** Removes some bytes. */
  (bytes, random) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at + 1 + random.below(20), Buffer.alloc(0));
  },
  /** Swaps two bytes. */
  (bytes, random) => {
    const swapped = Buffer.from(bytes);
    const [i, k] = [random.below(bytes.length), random.below(bytes.length)];
    [swapped[i], swapped[k]] = [swapped[k]!, swapped[i]!];
    return swapped;
  },
  /** Repeats a part. */
  (bytes, random) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at, bytes.subarray(at, at + 1 + random.below(100)));
  },
];

/** Changes one bit of a byte, which mostly leaves text a text. */
const changeBit: Mutation = (bytes, random) => {
  const changed = Buffer.from(bytes);
  changed[random.below(bytes.length)]! ^= 1 << random.below(7);
  return changed;
};

/** Returns bytes with one to three random changes, half of them of single bits. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let result = bytes;
  for (let n = random.chance(0.7) ? 1 : 3; n > 0 && result.length > 0; n--) {
    result = (random.chance(0.5) ? changeBit : random.pick(MUTATIONS))(result, random);
  }
  return result;
}

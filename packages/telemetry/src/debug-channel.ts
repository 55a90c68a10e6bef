import { channel } from 'node:diagnostics_channel';
import { closest } from '@quantumtrade/dal-runtime';
import type { Logger } from './logging.js';

/** Parts whose steps can be logged. */
const DEBUG_PARTS = ['cache', 'clickhouse.connection', 'redis.connection', 'writer'] as const;

export type DebugPart = (typeof DEBUG_PARTS)[number];

/** Publishes the steps of one part. */
export interface DebugChannel {
  /** Whether anyone listens: a step costs nothing otherwise. */
  readonly hasSubscribers: boolean;
  /** Publishes a step. Its fields hold no secret and no value of a row. */
  publish(step: DebugStep): void;
}

export interface DebugStep {
  readonly message: string;
  readonly [field: string]: unknown;
}

const nameOf = (part: DebugPart): string => `quantumtrade:dal:debug:${part}`;

/** Returns the diagnostics channel of the steps of a part. */
export const debugChannel = (part: DebugPart): DebugChannel => channel(nameOf(part));

/**
 * Writes each step of some parts as a line at level `debug`, with the name of the part.
 * @returns a function that stops it
 * @throws Error naming a part that is unknown
 */
export function subscribeDebug(logger: Logger, parts: readonly string[]): () => void {
  const stops = parts.map(requirePart).map((part) => {
    const own = logger.child({ part }, { level: 'debug' });
    const write = (step: unknown) => {
      const { message, ...fields } = step as DebugStep;
      own.debug(fields, message);
    };
    const steps = channel(nameOf(part));
    steps.subscribe(write);
    return () => steps.unsubscribe(write);
  });
  return () => stops.forEach((stop) => stop());
}

function requirePart(name: string): DebugPart {
  const part = DEBUG_PARTS.find((each) => each === name);
  if (part) return part;
  const similar = closest(name, DEBUG_PARTS);
  const hint = similar === undefined ? `there are ${DEBUG_PARTS.join(', ')}` : `did you mean ${similar}?`;
  throw new Error(`no part is named ${name}: ${hint}`);
}

import type { RedisClient } from '../connection/redis-client.js';

/** Lua script of one key. Redis runs it atomically. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  /** Whether a run is so short that calls of one turn may share a command. @default false */
  readonly batchable?: boolean;
  /** Whether it changes nothing, so that a replica may run it. @default false */
  readonly readOnly?: boolean;
  /** Whether a value is a valid result. */
  isReply(value: unknown): boolean;
  /** Whether a run with this result changed something. @default always true, unless `readOnly` */
  hasWritten?(reply: unknown): boolean;
}

/** Returns the driver options with which clients load the scripts into servers and have a method for each. */
export const scriptDefinitions = (scripts: readonly Script[]) =>
  Object.fromEntries(
    scripts.map(({ name, lua, readOnly = false }) => [name, { lua: forEachKey(lua), readOnly }]),
  );

/**
 * Runs a script for each of some keys, with as many arguments for each, given one key after the other. Returns the results in the
 * order of the keys, and an error in place of the result of a failed run.
 */
export function runForEachKey(
  client: RedisClient,
  { name }: Script,
  keys: readonly string[],
  args: readonly (string | number)[] = [],
): Promise<unknown> {
  const methods = client as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>;
  return methods[name]!(keys.length, ...keys, ...args);
}

const forEachKey = (lua: string) => `
local function run(KEYS, ARGV)
${lua}
end
local answers, count = {}, #ARGV / #KEYS
for i, key in ipairs(KEYS) do
  local args = {}
  for j = 1, count do args[j] = ARGV[(i - 1) * count + j] end
  local done, answer = pcall(run, { key }, args)
  if not done and type(answer) ~= 'table' then answer = { err = tostring(answer) } end
  answers[i] = answer or false
end
return answers
`;

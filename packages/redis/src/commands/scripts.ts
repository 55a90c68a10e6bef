import type { RedisClient } from '../connection/clients.js';
import type { Script } from './commands.js';

/** What the driver is told of the scripts: it has the server keep each, and makes it a method of its clients. */
export const definitionsOf = (scripts: readonly Script[]) =>
  Object.fromEntries(
    scripts.map(({ name, lua, readOnly = false }) => [name, { lua: forEachKey(lua), readOnly }]),
  );

/**
 * The scripts as a client's methods: of how many keys there are, the keys, and the arguments, as many for each key. The
 * answers come in the order of the keys, an error in the place of the answer where the script failed.
 */
export const scriptsOf = (client: RedisClient) =>
  client as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown[]>>;

/** Runs a script of one key for each of many. */
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

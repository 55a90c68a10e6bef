import { isNumber, isText } from '../commands/replies.js';
import type { Script } from '../commands/scripts.js';

/** Text of an entry and its remaining time to live in ms; -1 for no end. */
export type StoredEntry = [text: string, ttlMs: number];

export function isEntryOrNull(reply: unknown): boolean {
  if (reply === null) return true;
  return Array.isArray(reply) && reply.length === 2 && isText(reply[0]) && isNumber(reply[1]);
}

/** Reads an entry atomically. */
export const getEntry: Script = {
  name: 'qtdalGetWithTtl',
  batchable: true,
  readOnly: true,
  isReply: isEntryOrNull,
  lua: `
local text = redis.call('GET', KEYS[1])
return text and { text, redis.call('PTTL', KEYS[1]) }
`,
};

/** Reads an entry, or sets the value ARGV[1] for ARGV[2] ms and returns null when there is none. */
export const getEntryOrSet: Script = {
  name: 'qtdalGetWithTtlOrSet',
  batchable: true,
  isReply: isEntryOrNull,
  hasWritten: (reply) => reply === null,
  lua: `
local text = redis.call('GET', KEYS[1])
if text then return { text, redis.call('PTTL', KEYS[1]) } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
`,
};

/**
 * Writes a value if the stored one is the expected one. ARGV: the value, its time to live in ms, and the expected text; without it the
 * key must be absent. Returns 1 when it has written.
 */
export const setIfUnchanged: Script = {
  name: 'qtdalSetIfSame',
  batchable: true,
  isReply: isNumber,
  lua: `
if redis.call('GET', KEYS[1]) ~= (ARGV[3] or false) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`,
};

/** Variant of `setIfUnchanged` whose write is not published with `invalidation: 'pubsub'`. */
export const setIfUnchangedUnpublished: Script = { ...setIfUnchanged, hasWritten: () => false };

/** Deletes a value. Returns 1 when there was one. */
export const deleteKey: Script = {
  name: 'qtdalDelete',
  batchable: true,
  isReply: isNumber,
  lua: `return redis.call('DEL', KEYS[1])`,
};

/**
 * Writes a value unless the stored one has a later timestamp.
 * ARGV: the value, its time to live in ms, its timestamp, and `set` or `replace` (see `Cache.setIfNewer`, `Cache.replaceIfNewer`).
 * Returns 1 when it has written.
 *
 * Instants are compared as numbers, a day's date times the milliseconds of a day, because texts of different precision do not
 * sort by time. Escapes of surrogates are blanked before decoding, because cjson fails at lone ones.
 */
export const writeIfNewer: Script = {
  name: 'qtdalTimedWrite',
  batchable: true,
  isReply: isNumber,
  lua: `
local function instant(timestamp)
  if type(timestamp) ~= 'string' then return nil end
  local year, month, day, hour, minute, rest =
    timestamp:match('^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d)(.*)Z$')
  if not year then return nil end
  local second, fraction = rest:match('^:(%d%d)(.*)$')
  if not second then
    if rest ~= '' then return nil end
    second, fraction = '0', ''
  end
  if fraction ~= '' and not fraction:match('^%.%d+$') then return nil end
  local milliseconds = (fraction:sub(2) .. '000'):sub(1, 3)
  return tonumber(year .. month .. day) * 86400000
    + hour * 3600000 + minute * 60000 + second * 1000 + tonumber(milliseconds)
end

local stored = redis.call('GET', KEYS[1])
local replacing = ARGV[4] == 'replace'
if stored then
  local text = stored:gsub('\\\\u[dD][89a-fA-F]%x%x', '\\\\u0020')
  local decoded, value = pcall(cjson.decode, text)
  local before = decoded and type(value) == 'table' and instant(value.timestamp)
  local after = instant(ARGV[3])
  if before and before > after then return 0 end
  if replacing and (not before or before == after) then
    redis.call('DEL', KEYS[1])
    return 0
  end
elseif replacing then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`,
};

export const cacheScripts: readonly Script[] = [
  getEntry,
  getEntryOrSet,
  setIfUnchanged,
  deleteKey,
  writeIfNewer,
];

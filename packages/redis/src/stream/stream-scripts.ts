import { isListOf, isNumber, isText, isTuple } from '../commands/replies.js';
import type { Script } from '../commands/scripts.js';

/** Whether a value is an entry of a stream: its id, and a list of field names and values. */
const isEntry = (entry: unknown): boolean => isTuple(entry, isText, (fields) => isListOf(fields, isText));

/**
 * Appends to a bounded stream. ARGV: its length, its time to live in ms, 1 when ticks before these were omitted, and the ticks.
 *
 * The server assigns the ids of entries. Beside its tick, an entry has the id of the previous entry (`before`; `0-0` for the first,
 * `0-1` after omitted ticks), with which a reader detects missing ticks, and the creation time of the stream in microseconds
 * (`born`), with which a reader detects that a new stream has replaced the old one. A message on the channel with the name of
 * the key notifies readers; a missing permission to publish is ignored.
 */
export const appendTicks: Script = {
  name: 'qtdalAppendTicks',
  isReply: (reply) => reply === null,
  lua: `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local previous_id, created_at = '0-0', nil
if last then
  previous_id, created_at = last[1], last[2][6]
end
if not created_at then
  local time = redis.call('TIME')
  created_at = string.format('%.0f', time[1] * 1000000 + time[2])
end
if ARGV[3] == '1' then previous_id = '0-1' end
for i = 4, #ARGV do
  previous_id = redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[1], '*', 'tick', ARGV[i], 'before', previous_id, 'born', created_at)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.pcall('PUBLISH', KEYS[1], '')
`,
};

/**
 * Reads a stream from after an entry, or from its start when it was created at another time. ARGV: the entry's id, the creation
 * time of its stream, and the largest number of entries. Returns id and creation time of the last entry and the entries read;
 * without a stream, the server's time in ms.
 */
export const readTicks: Script = {
  name: 'qtdalReadTicks',
  isReply: (reply) =>
    isNumber(reply) || isTuple(reply, isText, isText, (entries) => isListOf(entries, isEntry)),
  lua: `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not last then
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local created_at = last[2][6]
local from = created_at == ARGV[2] and '(' .. ARGV[1] or '-'
return { last[1], created_at or '', redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3]) }
`,
};

/** Reads the last ticks, newest first. ARGV: the largest number of ticks. */
export const recentTicks: Script = {
  name: 'qtdalRecentTicks',
  isReply: (reply) => isListOf(reply, isText),
  readOnly: true,
  lua: `
local ticks = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1])
for i, entry in ipairs(ticks) do ticks[i] = entry[2][2] end
return ticks
`,
};

export const streamScripts: readonly Script[] = [appendTicks, readTicks, recentTicks];

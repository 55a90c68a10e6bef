import { isListOf, isNumber, isText, isTuple } from '../commands/replies.js';
import type { Script } from '../commands/commands.js';

/** An entry of a stream: its id, and its fields and values in turn. */
const isEntry = (entry: unknown): boolean => isTuple(entry, isText, (fields) => isListOf(fields, isText));

/**
 * Appends to a bounded stream. ARGV: its length, its life in ms, 1 when ticks before these were left out, and the ticks.
 *
 * An entry's id is the server's. Beside its tick it has the id of the entry before it (`0-0` when it is the first, `0-1`
 * after ticks that were left out), by which a reader knows that it missed none, and when the stream was born, in
 * microseconds, by which a reader knows a stream that has taken the place of another. Readers are told of the append by a
 * message on the channel that is named as the key; a user who may not publish leaves it at that.
 */
export const appendTicks: Script = {
  name: 'qtdalAppendTicks',
  isAnswer: (answer) => answer === null,
  lua: `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local before, born = '0-0', nil
if last then
  before, born = last[1], last[2][6]
end
if not born then
  local time = redis.call('TIME')
  born = string.format('%.0f', time[1] * 1000000 + time[2])
end
if ARGV[3] == '1' then before = '0-1' end
for i = 4, #ARGV do
  before = redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[1], '*', 'tick', ARGV[i], 'before', before, 'born', born)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.pcall('PUBLISH', KEYS[1], '')
`,
};

/**
 * Reads a stream on from an entry of it; from its start when it was born at another time. ARGV: the entry's id, its
 * stream's birth, and how many at most. Returns the id and the birth of the last entry and the entries read, or, when
 * there is no stream, the server's time in ms.
 */
export const lookAtTicks: Script = {
  name: 'qtdalLookAtTicks',
  isAnswer: (answer) =>
    isNumber(answer) || isTuple(answer, isText, isText, (entries) => isListOf(entries, isEntry)),
  lua: `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not last then
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local born = last[2][6]
local from = born == ARGV[2] and '(' .. ARGV[1] or '-'
return { last[1], born or '', redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3]) }
`,
};

/** The last ticks, newest first. ARGV: how many at most. */
export const recentTicks: Script = {
  name: 'qtdalRecentTicks',
  isAnswer: (answer) => isListOf(answer, isText),
  readOnly: true,
  lua: `
local ticks = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1])
for i, entry in ipairs(ticks) do ticks[i] = entry[2][2] end
return ticks
`,
};

export const streamScripts: readonly Script[] = [appendTicks, lookAtTicks, recentTicks];

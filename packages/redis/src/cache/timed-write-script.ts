import { isNumber } from '../commands/replies.js';
import type { Script } from '../commands/commands.js';

/**
 * Writes a value unless the stored one has a later timestamp.
 * ARGV: the value, its life in ms, its timestamp, and `set` or `replace` (see `Cache.setIfNewer`, `Cache.replaceIfNewer`).
 * Returns 1 when it was written.
 *
 * Instants are compared as numbers, a day's date times the milliseconds of a day, because texts of different precision
 * do not sort by time. The escapes of surrogates, at which cjson fails when they are lone, are blanked before decoding.
 */
export const timedWrite: Script = {
  name: 'qtdalTimedWrite',
  short: true,
  isAnswer: isNumber,
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

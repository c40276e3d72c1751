/**
 * What was revoked, in Redis 6.2 and later, or Valkey (REV-1). `KEYS[1]` is a sorted set of prints by their ends in epoch
 * seconds, `KEYS[2]` the version of that set: the instant of its last change in microseconds, or more. Both expire with the
 * last of the ends (QTA-7). `ARGV[1]` is not used: both scripts can run twice.
 */

/**
 * `ARGV[2]` is the channel, `ARGV[3]` how many may be kept; then prints, each with its end. Publishes
 * `<version before> <version> <print>:<end>,…`, so that whoever missed a message can tell. Answers the version.
 */
export const publishRevocationsText = `
local time = redis.call('TIME')
local now = tonumber(time[1])
local ended = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
if #ended > 0 then redis.call('ZREM', KEYS[1], unpack(ended)) end
local room = tonumber(ARGV[3]) - redis.call('ZCARD', KEYS[1])
if room < (#ARGV - 3) / 2 then
  for i = 4, #ARGV, 2 do
    if not redis.call('ZSCORE', KEYS[1], ARGV[i]) then room = room - 1 end
  end
  if room < 0 then return 'full' end
end
local keepMs = math.max(redis.call('PTTL', KEYS[1]), 0)
local told = {}
for i = 4, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'GT', ARGV[i + 1], ARGV[i])
  keepMs = math.max(keepMs, (tonumber(ARGV[i + 1]) - now) * 1000)
  told[#told + 1] = ARGV[i] .. ':' .. ARGV[i + 1]
end
local before = redis.call('GET', KEYS[2]) or '0'
local version = string.format('%.0f', math.max(now * 1000000 + tonumber(time[2]), tonumber(before) + 1))
if keepMs > 0 then
  redis.call('PEXPIRE', KEYS[1], keepMs)
  redis.call('SET', KEYS[2], version, 'PX', keepMs)
else
  redis.call('DEL', KEYS[1])
end
redis.call('PUBLISH', ARGV[2], before .. ' ' .. version .. ' ' .. table.concat(told, ','))
return version
`

/**
 * `ARGV[2]` is a cursor, `ARGV[3]` the version that the reader knows, or nothing. Answers the version and, where it is another
 * one or the cursor goes on, the next cursor and prints with their ends.
 */
export const readRevocationsText = `
local version = redis.call('GET', KEYS[2]) or '0'
if ARGV[2] == '0' and ARGV[3] == version then return {version} end
local page = redis.call('ZSCAN', KEYS[1], ARGV[2], 'COUNT', 1000)
return {version, page[1], page[2]}
`

/**
 * Answers of issuers in Redis 6.2 and later, or Valkey (INT-1). Of both scripts `KEYS[1]` is where the answer is, and
 * `ARGV[1]` is `1`, or `0` where the connection was lost that it was first sent by.
 */

/** Answers nothing, or `<milliseconds that it has still to live>:<answer>`: a life that no clock of a process changes. */
export const getAnswerText = `
local value = redis.call('GET', KEYS[1])
if not value then return false end
return string.format('%d:', redis.call('PTTL', KEYS[1])) .. value
`

/** `ARGV[2]` is the answer, `ARGV[3]` for how many milliseconds to keep it. One that comes late is older than it says. */
export const setAnswerText = `
if ARGV[1] ~= '1' then return 'late' end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 'set'
`

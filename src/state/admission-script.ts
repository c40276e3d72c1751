/** What an admission has beside quotas. Times are in milliseconds. */
export interface AdmissionExtras {
  /** Since the epoch, in place of the server's clock; in tests. */
  readonly now?: number
  /** With `keepTaskMs` (INT-5). */
  readonly task?: string
  readonly keepTaskMs?: number
  /** POP-3. */
  readonly keepProofMs?: number
  /** Operations that the budget has at most, and in all, with `keepBudgetMs` (INT-4). */
  readonly most?: number
  readonly total?: number
  readonly keepBudgetMs?: number
}

/**
 * One admission as one script of Redis: everything is read and checked before the first write, so that it is done whole or
 * not at all. It holds for Redis 6.2 and later and for Valkey.
 *
 * `KEYS`: the token's task, the proof's and the budget's, where there are any; then for each group of charges with one key, in the
 * order of `ARGV`, the group's and one for each of its windows of a second or a minute.
 *
 * `ARGV`: `1`, or `0` where the connection was lost that it was first sent by; what is there beside quotas, as JSON with a
 * member for each (`AdmissionExtras`), mostly empty. Then `chargeOnly`, empty without one, and each alternative, as lists in JSON:
 * of each group how many charges, and of each charge the window's letter and its name in one, its limit and its quantity.
 *
 * Answers `late`, `other-task`, `replayed`, `spent`, `full:<milliseconds>` or `admitted:<alternative>`, which says `:held` behind it
 * with a task and `:<operations left>` with a budget.
 *
 * A group is one MessagePack string: wall clock, own clock, the latest instant that its hours have seen and when, the same
 * of its days, for how long it is kept, and its counters by letter and name. Its own clock never goes back: it sums the forward
 * steps between what it has seen of the wall clock. An hour or a day is number, count and last use of the window that was used
 * last, and then of each that was left less than a window length ago (QTA-3). A second or a minute is the sum of a list, its
 * last instant and what was taken then; the list holds instants of the own clock and, where it is not 1, the quantity.
 *
 * Numbers are doubles and no sum here exceeds 2^53 - 1: what is asked for is compared with the room that is left. It has no
 * shebang line, since only Redis 7 knows those. Without one, Redis looks at its memory limit, its role and its disk before the
 * first write of a script and then lets it finish; so the first write is always one that may be refused for lack of memory.
 * It is written for speed: few calls, functions and tables.
 */
export const admissionScript = `
if ARGV[1] ~= '1' then return 'late' end
local call, format, floor, byte, decode = redis.call, string.format, math.floor, string.byte, cjson.decode
local hour, day = 3600000, 86400000

local extras = ARGV[2] ~= '' and decode(ARGV[2]) or {}
local now, spare = extras.now, 0
if now then
  -- Redis goes on expiring by its own clock, which must not be the faster one.
  spare = hour
else
  local time = call('TIME')
  now = time[1] * 1000 + floor(time[2] / 1000)
end

local nextKey = 1
local task, taskKey, keepTaskMs = extras.task, nil, extras.keepTaskMs
if task then
  taskKey = KEYS[1]
  nextKey = 2
  local held = call('GET', taskKey)
  if held then
    if held ~= task then return 'other-task' end
    keepTaskMs = math.max(keepTaskMs, call('PTTL', taskKey) - spare)
  end
end
local function holdTask()
  if task then call('SET', taskKey, task, 'PX', format('%.0f', keepTaskMs + spare)) end
end
local keepProofMs, proofKey = extras.keepProofMs, nil
if keepProofMs then
  proofKey = KEYS[nextKey]
  nextKey = nextKey + 1
  if call('EXISTS', proofKey) == 1 then
    holdTask()
    return 'replayed'
  end
end
local left, taken, budgetKey = extras.most, 0, nil
if left then
  budgetKey = KEYS[nextKey]
  nextKey = nextKey + 1
  local text = call('GET', budgetKey)
  if text then
    local known, used = string.match(text, '^(%d+) (%d+)$')
    if not known then error('no budget of aap-guard: ' .. budgetKey) end
    taken = tonumber(used)
    left = math.min(left, tonumber(known))
  end
  if extras.total then left = math.max(0, math.min(left, extras.total - taken)) end
end

local groups, groupAt = {}, {}

local function load(key)
  local saved
  local isDirty = false
  local text = call('GET', key)
  if text then
    saved = cmsgpack.unpack(text)
    if type(saved) ~= 'table' or type(saved[8]) ~= 'table' then error('no counters of aap-guard: ' .. key) end
    if now < saved[1] then
      -- What is not written down now would be taken for no time at all, for as long as the wall clock is behind.
      isDirty = true
    else
      saved[2] = saved[2] + now - saved[1]
    end
    saved[1] = now
    if now >= saved[3] or saved[2] - saved[4] > hour then saved[3], saved[4] = now, saved[2] end
    if now >= saved[5] or saved[2] - saved[6] > day then saved[5], saved[6] = now, saved[2] end
  else
    saved = { now, 0, now, 0, now, 0, 0, {} }
  end
  local group = { key = key, saved = saved, isDirty = isDirty, logs = false }
  groupAt[key] = group
  groups[#groups + 1] = group
  return group
end

-- The entry of a list, of which a piece is at hand; nil behind the last one, and where the list is over.
local function entryOf(log, i)
  if log.isOver then return nil end
  local text = log.piece[i - log.from + 1]
  if not text then
    log.piece, log.from = call('LRANGE', log.key, format('%.0f', i), format('%.0f', i + 127)), i
    text = log.piece[1]
    if not text then return nil end
  end
  local at = tonumber(text)
  if at then return at, 1 end
  local instant, quantity = string.match(text, '^(%d+) (%d+)$')
  if not instant then error('no counter of aap-guard: ' .. log.key) end
  return tonumber(instant), tonumber(quantity)
end

-- What a list holds now. Entries that Redis forgot count until the last one has left.
local function openLog(group, counter, key, length)
  local elapsed = group.saved[2]
  local log = { key = key, counter = counter, length = length, from = 0, gone = 0 }
  if not group.logs then group.logs = {} end
  group.logs[key] = log
  if counter[1] == 0 or elapsed - counter[2] >= length then
    counter[1], log.isOver, log.piece = 0, true, {}
    return log
  end
  log.piece = call('LRANGE', key, '0', '3')
  log.hasTail = log.piece[1] and counter[2] == elapsed
  local since, gone, total = elapsed - length, 0, counter[1]
  while total > 0 do
    local at, quantity = entryOf(log, gone)
    if not at or at > since then break end
    gone, total = gone + 1, total - quantity
  end
  counter[1], log.gone = total, gone
  -- So that many that have left are gone through once, also where this admission takes nothing.
  if gone > 127 then group.isDirty = true end
  return log
end

local function waitForLog(log, elapsed, limit, quantity)
  local counter, length = log.counter, log.length
  -- What never fits may as well come back when the window is empty.
  if limit == 0 or quantity > limit then return length end
  local missing, i, release = quantity - (limit - counter[1]), log.gone, counter[2]
  while missing > 0 do
    local at, left = entryOf(log, i)
    if not at then
      release = counter[2]
      break
    end
    missing, release, i = missing - left, at, i + 1
  end
  return release + length - elapsed
end

-- What was taken in one of the windows that were left.
local function takenIn(counter, number)
  for i = 4, #counter, 3 do
    if counter[i] == number then return counter[i + 1] end
  end
  return 0
end

-- Keeps the window that is left, and goes to another.
local function move(counter, number, elapsed, length)
  local moved = { number, takenIn(counter, number), 0 }
  for i = 1, #counter, 3 do
    if counter[i] ~= number and elapsed - counter[i + 2] < length then
      local last = #moved
      moved[last + 1], moved[last + 2], moved[last + 3] = counter[i], counter[i + 1], counter[i + 2]
    end
  end
  return moved
end

local answer, shortest, shortestOfNever
-- Of each charge of the alternative that is looked at.
local groupOf, counterOf, lookedAt, placeOf = {}, {}, {}, {}
for position = 3, #ARGV do
  local alternative = position - 4
  local list = ARGV[position] ~= '' and decode(ARGV[position]) or {}
  local longest, charges, place, canFit = 0, 0, 1, true
  while list[place] do
    local key, stop = KEYS[nextKey], place + 3 * list[place]
    nextKey, place = nextKey + 1, place + 1
    local group = groupAt[key] or load(key)
    local saved = group.saved
    local counters = saved[8]
    while place < stop do
      local id, limit, quantity = list[place], list[place + 1], list[place + 2]
      local letter, counter, looked = byte(id), counters[id], nil
      charges = charges + 1
      if letter == 104 or letter == 100 then
        local length, latest = hour, saved[3]
        if letter == 100 then length, latest = day, saved[5] end
        looked = floor(latest / length)
        local used = 0
        if not counter then
          counter = { looked, 0, 0 }
          counters[id] = counter
        elseif counter[1] == looked then
          used = counter[2]
        else
          used = takenIn(counter, looked)
        end
        if limit == 0 or quantity > limit - used then
          local wait = (looked + 1) * length - latest
          if wait > longest then longest = wait end
          if limit == 0 or quantity > limit then canFit = false end
        end
      else
        local log = KEYS[nextKey]
        nextKey = nextKey + 1
        if not counter then
          counter = { 0, 0, 0 }
          counters[id] = counter
        end
        looked = group.logs and group.logs[log] or openLog(group, counter, log, letter == 109 and 60000 or 1000)
        if limit == 0 or quantity > limit - counter[1] then
          local wait = waitForLog(looked, saved[2], limit, quantity)
          if wait > longest then longest = wait end
          if limit == 0 or quantity > limit then canFit = false end
        end
      end
      groupOf[charges], counterOf[charges], lookedAt[charges], placeOf[charges] = group, counter, looked, place
      place = place + 3
    end
  end

  if longest == 0 and alternative >= 0 and left == 0 then
    answer = 'spent'
    break
  end
  if longest == 0 then
    for i = 1, charges do
      local id, quantity = list[placeOf[i]], list[placeOf[i] + 2]
      if quantity > 0 then
        local group, counter, looked = groupOf[i], counterOf[i], lookedAt[i]
        local saved, letter = group.saved, byte(id)
        local elapsed, keep = saved[2], nil
        if letter == 104 or letter == 100 then
          local length = letter == 104 and hour or day
          if counter[1] ~= looked then
            counter = move(counter, looked, elapsed, length)
            saved[8][id] = counter
          end
          counter[2], counter[3] = counter[2] + quantity, elapsed
          -- A clock that is set forward by a day, and back, finds it again.
          keep = length + 90000000
        else
          counter[3] = counter[1] > 0 and counter[2] == elapsed and counter[3] + quantity or quantity
          counter[1], counter[2] = counter[1] + quantity, elapsed
          looked.isTaken = true
          keep = looked.length + 10000
        end
        if keep > saved[7] then saved[7] = keep end
        group.isDirty = true
      end
    end
  end
  if alternative >= 0 then
    if longest == 0 then
      answer = 'admitted:' .. alternative .. (task and ':held' or '')
      if left then
        left, taken = left - 1, taken + 1
        answer = answer .. format(':%.0f', left)
      end
      break
    end
    -- One that an empty window would not admit either is not waited for, unless all are like that.
    if canFit then
      if not shortest or longest < shortest then shortest = longest end
    elseif not shortestOfNever or longest < shortestOfNever then
      shortestOfNever = longest
    end
  end
end

holdTask()
-- A minute more than it could be shown for here: another process may be behind, where the proof is fresh for longer.
if keepProofMs then call('SET', proofKey, '1', 'PX', format('%.0f', keepProofMs + 60000 + spare)) end
-- What was taken of a budget, or would have been.
if left and answer then call('SET', budgetKey, format('%.0f %.0f', left, taken), 'PX', format('%.0f', extras.keepBudgetMs + spare)) end
for i = 1, #groups do
  local group = groups[i]
  if group.isDirty then
    local saved = group.saved
    for id, counter in pairs(saved[8]) do
      local letter = byte(id)
      local isAligned = letter == 104 or letter == 100
      if counter[isAligned and 2 or 1] == 0 and not counter[4] then saved[8][id] = nil end
    end
    -- Of a clock that was set back: the latest instant that it has shown comes again.
    local ahead = math.max(saved[3], saved[5], now) - now
    call('SET', group.key, cmsgpack.pack(saved), 'PX', format('%.0f', saved[7] + ahead + spare))
  end
end
for i = 1, #groups do
  local group = groups[i]
  if group.isDirty and group.logs then
    for list, log in pairs(group.logs) do
      if log.isOver then
        call('DEL', list)
      elseif log.gone > 0 then
        call('LTRIM', list, format('%.0f', log.gone), '-1')
      end
      if log.isTaken then
        local counter = log.counter
        local entry = counter[3] == 1 and format('%.0f', counter[2]) or format('%.0f %.0f', counter[2], counter[3])
        if log.hasTail then call('LSET', list, '-1', entry) else call('RPUSH', list, entry) end
        call('PEXPIRE', list, format('%.0f', log.length + 10000 + spare))
      end
    end
  end
end
if answer then return answer end
shortest = shortest or shortestOfNever
if shortest then return format('full:%.0f', shortest) end
return task and 'admitted:-1:held' or 'admitted:-1'
`

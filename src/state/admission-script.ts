/**
 * One admission as one script of Redis: everything is read and checked before the first write, so that it is done whole or
 * not at all. It holds for Redis 6.2 and later and for Valkey.
 *
 * `KEYS`: the proof's, where there is one, then one for each charge of `chargeOnly` and of the alternatives, in their order.
 *
 * `ARGV`: `1`, or `0` where the connection was lost that it was first sent by; epoch milliseconds in place of the server's
 * clock, empty but in tests; for how many milliseconds to keep the proof, empty without one; the charges of `chargeOnly`, `-`
 * without it; those of each alternative. Charges are written `m100,1;`: the window's letter, limit, quantity.
 *
 * Answers `late`, `replayed`, `admitted:<alternative>` or `full:<milliseconds>`.
 *
 * Numbers are doubles and no sum here exceeds 2^53 - 1: what is asked for is compared with the room that is left. It has no
 * shebang line, since only Redis 7 knows those. Without one, Redis looks at its memory limit, its role and its disk before the
 * first write of a script and then lets it finish; so the first write is always one that may be refused for lack of memory.
 */
export const admissionScript = `
if ARGV[1] ~= '1' then return 'late' end

local now, spare
if ARGV[2] == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  spare = 0
else
  -- Redis goes on expiring by its own clock, which must not be the faster one.
  now = tonumber(ARGV[2])
  spare = 3600000
end

local nextKey = 1
local keepMs = tonumber(ARGV[3])
if keepMs then
  if redis.call('EXISTS', KEYS[1]) == 1 then return 'replayed' end
  nextKey = 2
end

local function numbersIn(text, key)
  if not string.find(text, '^[%d%- ]+$') then error('no counter of aap-guard: ' .. key) end
  local numbers = {}
  for number in string.gmatch(text, '%-?%d+') do numbers[#numbers + 1] = tonumber(number) end
  return numbers
end

local function textOf(numbers)
  local texts = {}
  for i = 1, #numbers do texts[i] = string.format('%.0f', numbers[i]) end
  return table.concat(texts, ' ')
end

-- A counter has a clock of its own that never goes back: the forward steps between what it has seen of the wall clock.
local function readClock(counter, wall, elapsed)
  counter.before = elapsed
  counter.elapsed = elapsed + math.max(0, now - wall)
  -- What is not written down now would be taken for no time at all, for as long as the wall clock is behind.
  counter.isDirty = now < wall
end

-- An hour or a day, as one string: wall clock, own clock, by how much the latest instant seen is ahead of the wall clock, how
-- long ago it was seen; then number, count and last use of the window that was used last, and of those that were left.
local function loadAligned(key, length)
  local counter = { key = key, length = length, windows = {} }
  local text = redis.call('GET', key)
  local latest, seen = now, 0
  if text then
    local numbers = numbersIn(text, key)
    if #numbers < 7 or #numbers % 3 ~= 1 then error('no counter of aap-guard: ' .. key) end
    readClock(counter, numbers[1], numbers[2])
    latest, seen = numbers[1] + numbers[3], numbers[2] - numbers[4]
    for i = 5, #numbers, 3 do
      counter.windows[#counter.windows + 1] = { number = numbers[i], count = numbers[i + 1], last = numbers[i + 2] }
    end
  else
    readClock(counter, now, 0)
  end
  if now >= latest or counter.elapsed - seen > length then latest, seen = now, counter.elapsed end
  counter.latest, counter.seen = latest, seen
  counter.number = math.floor(latest / length)
  counter.count = 0
  for _, window in ipairs(counter.windows) do
    if window.number == counter.number then counter.count = window.count end
  end

  function counter.wait(quantity, limit)
    if limit > 0 and quantity <= limit - counter.count then return 0 end
    return (counter.number + 1) * length - latest
  end

  function counter.take(quantity)
    counter.count = counter.count + quantity
    local current = { number = counter.number, count = counter.count, last = counter.elapsed }
    local windows = { current }
    local isMoving = not counter.windows[1] or counter.windows[1].number ~= current.number
    for _, window in ipairs(counter.windows) do
      local isOver = isMoving and counter.elapsed - window.last >= length
      if window.number ~= current.number and not isOver then windows[#windows + 1] = window end
    end
    counter.windows = windows
  end

  function counter.save()
    local numbers = { now, counter.elapsed, latest - now, counter.elapsed - seen }
    for _, window in ipairs(counter.windows) do
      numbers[#numbers + 1] = window.number
      numbers[#numbers + 1] = window.count
      numbers[#numbers + 1] = window.last
    end
    -- A clock that is set forward by a day, and back, finds it again.
    redis.call('SET', key, textOf(numbers), 'PX', string.format('%.0f', length + 90000000 + spare))
  end

  return counter
end

-- A second or a minute, as a list: first wall clock, own clock and what all entries hold together; then the entries, each the
-- instant of the own clock and, where it is not 1, the quantity.
local function loadSliding(key, length)
  local counter = { key = key, length = length }
  local piece, from = redis.call('LRANGE', key, 0, 15), 0
  local isNew = #piece == 0
  local first, total, pending = 1, 0, 0

  local function entry(i)
    if not piece[i - from + 1] then
      piece, from = redis.call('LRANGE', key, string.format('%d', i), string.format('%d', i + 127)), i
    end
    local text = piece[i - from + 1]
    if not text then return nil end
    local at, quantity = string.match(text, '^(%d+) ?(%d*)$')
    if not at then error('no counter of aap-guard: ' .. key) end
    return tonumber(at), tonumber(quantity) or 1
  end

  if isNew then
    readClock(counter, now, 0)
  else
    local head = numbersIn(piece[1], key)
    if #head ~= 3 then error('no counter of aap-guard: ' .. key) end
    readClock(counter, head[1], head[2])
    total = head[3]
    while total > 0 do
      local at, quantity = entry(first)
      if not at then error('no counter of aap-guard: ' .. key) end
      if at > counter.elapsed - length then break end
      total = total - quantity
      first = first + 1
    end
  end

  function counter.wait(quantity, limit)
    if limit > 0 and quantity <= limit - total then return 0 end
    -- What never fits may as well come back when the window is empty.
    if limit == 0 or quantity > limit then return length end
    local released, i, release = 0, first, counter.elapsed
    while released < quantity - (limit - total) do
      local at, left = entry(i)
      if not at then
        release = counter.elapsed
        break
      end
      released, release, i = released + left, at, i + 1
    end
    return release + length - counter.elapsed
  end

  function counter.take(quantity)
    total = total + quantity
    pending = pending + quantity
  end

  function counter.save()
    local head = textOf({ now, counter.elapsed, total })
    local function entryOf(quantity)
      return textOf(quantity == 1 and { counter.elapsed } or { counter.elapsed, quantity })
    end
    -- Quantities of the same millisecond share an entry.
    local function append()
      local last = counter.elapsed == counter.before and total > pending and redis.call('LINDEX', key, -1)
      local at, quantity = string.match(last or '', '^(%d+) ?(%d*)$')
      if at and tonumber(at) == counter.elapsed then
        redis.call('LSET', key, -1, entryOf((tonumber(quantity) or 1) + pending))
      else
        redis.call('RPUSH', key, entryOf(pending))
      end
    end
    if isNew then
      redis.call('RPUSH', key, head, entryOf(pending))
    else
      -- The head takes the place of the last entry that has left.
      redis.call('LSET', key, string.format('%d', first - 1), head)
      if first > 1 then redis.call('LTRIM', key, string.format('%d', first - 1), -1) end
      if pending > 0 then append() end
    end
    redis.call('PEXPIRE', key, string.format('%.0f', length + 10000 + spare))
  end

  return counter
end

local loaders = { s = loadSliding, m = loadSliding, h = loadAligned, d = loadAligned }
local lengths = { s = 1000, m = 60000, h = 3600000, d = 86400000 }
local counters, byKey = {}, {}

local function chargesOf(text)
  local charges = {}
  for letter, limit, quantity in string.gmatch(text, '(%a)(%d+),(%d+);') do
    charges[#charges + 1] = { key = KEYS[nextKey], letter = letter, limit = tonumber(limit), quantity = tonumber(quantity) }
    nextKey = nextKey + 1
  end
  return charges
end

local function waitFor(charges)
  local longest = 0
  for _, charge in ipairs(charges) do
    local counter = byKey[charge.key]
    if not counter then
      counter = loaders[charge.letter](charge.key, lengths[charge.letter])
      byKey[charge.key] = counter
      counters[#counters + 1] = counter
    end
    longest = math.max(longest, counter.wait(charge.quantity, charge.limit))
  end
  return longest
end

local function take(charges)
  for _, charge in ipairs(charges) do
    if charge.quantity > 0 then
      byKey[charge.key].take(charge.quantity)
      byKey[charge.key].isDirty = true
    end
  end
end

local chargeOnly = chargesOf(ARGV[4])
if waitFor(chargeOnly) == 0 then take(chargeOnly) end

local answer = 'admitted:-1'
local shortest
for i = 5, #ARGV do
  local charges = chargesOf(ARGV[i])
  local wait = waitFor(charges)
  if wait == 0 then
    take(charges)
    answer = 'admitted:' .. string.format('%d', i - 5)
    shortest = nil
    break
  end
  if not shortest or wait < shortest then shortest = wait end
end
if shortest then answer = 'full:' .. string.format('%.0f', shortest) end

-- Two seconds more than it could be shown for: clocks are corrected by as much.
if keepMs then redis.call('SET', KEYS[1], '1', 'PX', string.format('%.0f', keepMs + 2000 + spare)) end
for _, counter in ipairs(counters) do
  if counter.isDirty then counter.save() end
end
return answer
`

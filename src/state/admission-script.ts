/**
 * One admission as one script of Redis: everything is read and checked before the first write, so that it is done whole or
 * not at all. It holds for Redis 6.2 and later and for Valkey.
 *
 * `KEYS`: the proof's, where there is one, then one for each charge of `chargeOnly` and of the alternatives, in their order.
 *
 * `ARGV`: `1`, or `0` where the connection was lost that it was first sent by; epoch milliseconds in place of the server's
 * clock, empty but in tests; for how many milliseconds to keep the proof, empty without one. Then the charges of `chargeOnly`,
 * and those of each alternative: their number, and the window's letter, limit and quantity of each.
 *
 * Answers `late`, `replayed`, `admitted:<alternative>` or `full:<milliseconds>`.
 *
 * Numbers are doubles and no sum here exceeds 2^53 - 1: what is asked for is compared with the room that is left. It has no
 * shebang line, since only Redis 7 knows those. Without one, Redis looks at its memory limit, its role and its disk before the
 * first write of a script and then lets it finish; so the first write is always one that may be refused for lack of memory.
 */
export const admissionScript = `
local call, format, match = redis.call, string.format, string.match
if ARGV[1] ~= '1' then return 'late' end

local now, spare
if ARGV[2] == '' then
  local time = call('TIME')
  now, spare = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), 0
else
  -- Redis goes on expiring by its own clock, which must not be the faster one.
  now, spare = tonumber(ARGV[2]), 3600000
end

local nextKey, nextArg = 1, 4
local keepMs = tonumber(ARGV[3])
if keepMs then
  if call('EXISTS', KEYS[1]) == 1 then return 'replayed' end
  nextKey = 2
end

local function refuse(key)
  error('no counter of aap-guard: ' .. key)
end

-- A counter has a clock of its own that never goes back: the forward steps between what it has seen of the wall clock.
local function readClock(counter, wall, elapsed)
  counter.before = elapsed
  if now < wall then
    -- What is not written down now would be taken for no time at all, for as long as the wall clock is behind.
    counter.elapsed, counter.isDirty = elapsed, true
  else
    counter.elapsed = elapsed + now - wall
  end
end

-- An hour or a day, as one string: wall clock, own clock, by how much the latest instant seen is ahead of the wall clock, how
-- long ago it was seen; then number, count and last use of the window that was used last, and of each that was left.
local function loadAligned(counter)
  local key, length = counter.key, counter.length
  local text = call('GET', key)
  if not text then
    counter.elapsed, counter.latest, counter.seen = 0, now, 0
    counter.number, counter.count, counter.left = math.floor(now / length), 0, ''
    return
  end
  local wall, elapsed, ahead, ago, number, count, last, left = match(text, '^(%-?%d+) (%d+) (%d+) (%d+) (%-?%d+) (%d+) (%d+)([%d%- ]*)$')
  if not wall then refuse(key) end
  wall, elapsed, number = tonumber(wall), tonumber(elapsed), tonumber(number)
  readClock(counter, wall, elapsed)
  counter.latest, counter.seen = wall + ahead, elapsed - ago
  if now >= counter.latest or counter.elapsed - counter.seen > length then
    counter.latest, counter.seen = now, counter.elapsed
  end
  counter.number = math.floor(counter.latest / length)
  counter.usedNumber, counter.usedCount, counter.usedLast, counter.left = number, tonumber(count), tonumber(last), left
  counter.count = 0
  if counter.number == number then
    counter.count = counter.usedCount
  elseif left ~= '' then
    for one, itsCount in string.gmatch(left, ' (%-?%d+) (%d+) %d+') do
      if tonumber(one) == counter.number then counter.count = tonumber(itsCount) end
    end
  end
end

local function waitForAligned(counter, quantity, limit)
  if limit > 0 and quantity <= limit - counter.count then return 0 end
  return (counter.number + 1) * counter.length - counter.latest
end

-- Of a window that was left less than a window length ago.
local function leave(counter, number, count, last)
  if number == counter.number or counter.elapsed - last >= counter.length then return '' end
  return format(' %.0f %.0f %.0f', number, count, last)
end

local function takeAligned(counter, quantity)
  counter.count = counter.count + quantity
  if counter.usedNumber and counter.usedNumber ~= counter.number then
    local left = leave(counter, counter.usedNumber, counter.usedCount, counter.usedLast)
    for number, count, last in string.gmatch(counter.left, ' (%-?%d+) (%d+) (%d+)') do
      left = left .. leave(counter, tonumber(number), tonumber(count), tonumber(last))
    end
    counter.left = left
  end
  counter.usedNumber, counter.usedCount, counter.usedLast = counter.number, counter.count, counter.elapsed
end

local function saveAligned(counter)
  local latest, seen = counter.latest - now, counter.elapsed - counter.seen
  local text = format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f%s', now, counter.elapsed, latest, seen, counter.usedNumber, counter.usedCount, counter.usedLast, counter.left)
  -- A clock that is set forward by a day, and back, finds it again.
  call('SET', counter.key, text, 'PX', format('%.0f', counter.length + 90000000 + spare))
end

-- A second or a minute, as a list: first wall clock, own clock and what all entries hold together; then the entries, each the
-- instant of the own clock and, where it is not 1, the quantity.
local function entryOf(counter, i)
  local text = counter.piece[i - counter.from + 1]
  if not text then
    counter.piece, counter.from = call('LRANGE', counter.key, i, i + 127), i
    text = counter.piece[1]
    if not text then return nil end
  end
  local at = tonumber(text)
  if at then return at, 1 end
  local instant, quantity = match(text, '^(%d+) (%d+)$')
  if not instant then refuse(counter.key) end
  return tonumber(instant), tonumber(quantity)
end

local function loadSliding(counter)
  local key, length = counter.key, counter.length
  local piece = call('LRANGE', key, '0', '3')
  counter.piece, counter.from, counter.first, counter.pending = piece, 0, 1, 0
  if not piece[1] then
    counter.isNew, counter.elapsed, counter.total = true, 0, 0
    return
  end
  local wall, elapsed, total = match(piece[1], '^(%-?%d+) (%d+) (%d+)$')
  if not wall then refuse(key) end
  readClock(counter, tonumber(wall), tonumber(elapsed))
  local first, rest = 1, tonumber(total)
  while rest > 0 do
    local at, quantity = entryOf(counter, first)
    if not at then refuse(key) end
    if at > counter.elapsed - length then break end
    rest = rest - quantity
    first = first + 1
  end
  counter.first, counter.total = first, rest
  -- So that many that have left are gone through once, also where this admission takes nothing.
  if first > 128 then counter.isDirty = true end
end

local function waitForSliding(counter, quantity, limit)
  local room = limit - counter.total
  if limit > 0 and quantity <= room then return 0 end
  -- What never fits may as well come back when the window is empty.
  if limit == 0 or quantity > limit then return counter.length end
  local released, i, release = 0, counter.first, counter.elapsed
  while released < quantity - room do
    local at, left = entryOf(counter, i)
    -- The rest is taken by this very admission.
    if not at then
      release = counter.elapsed
      break
    end
    released, release, i = released + left, at, i + 1
  end
  return release + counter.length - counter.elapsed
end

local function takeSliding(counter, quantity)
  counter.total = counter.total + quantity
  counter.pending = counter.pending + quantity
end

local function saveSliding(counter)
  local key, elapsed, pending, first = counter.key, counter.elapsed, counter.pending, counter.first
  local head = format('%.0f %.0f %.0f', now, elapsed, counter.total)
  if not counter.isNew then
    -- The head takes the place of the last entry that has left.
    local place = first == 1 and '0' or format('%.0f', first - 1)
    call('LSET', key, place, head)
    if first > 1 then call('LTRIM', key, place, '-1') end
  end
  if pending > 0 then
    -- Quantities of the same millisecond share an entry.
    local at, quantity
    if elapsed == counter.before and counter.total > pending then
      at, quantity = match(call('LINDEX', key, '-1'), '^(%d+) ?(%d*)$')
    end
    local isSame = at and tonumber(at) == elapsed
    if isSame then pending = pending + (tonumber(quantity) or 1) end
    local entry = pending == 1 and format('%.0f', elapsed) or format('%.0f %.0f', elapsed, pending)
    if counter.isNew then
      call('RPUSH', key, head, entry)
    elseif isSame then
      call('LSET', key, '-1', entry)
    else
      call('RPUSH', key, entry)
    end
  end
  call('PEXPIRE', key, format('%.0f', counter.length + 10000 + spare))
end

local lengths = { s = 1000, m = 60000, h = 3600000, d = 86400000 }
local counters, byKey = {}, {}

local function counterOf(key, letter)
  local counter = byKey[key]
  if counter then return counter end
  counter = { key = key, length = lengths[letter], isSliding = letter == 's' or letter == 'm' }
  if counter.isSliding then loadSliding(counter) else loadAligned(counter) end
  byKey[key] = counter
  counters[#counters + 1] = counter
  return counter
end

-- Takes the next charges where all of their windows have room, or says how long they have to wait.
local function takeNext()
  local count = tonumber(ARGV[nextArg])
  local key, arg = nextKey, nextArg + 1
  nextKey, nextArg = nextKey + count, nextArg + 1 + 3 * count
  local longest = 0
  for i = 0, count - 1 do
    local counter = counterOf(KEYS[key + i], ARGV[arg + 3 * i])
    local waitFor = counter.isSliding and waitForSliding or waitForAligned
    local wait = waitFor(counter, tonumber(ARGV[arg + 3 * i + 2]), tonumber(ARGV[arg + 3 * i + 1]))
    if wait > longest then longest = wait end
  end
  if longest > 0 then return longest end
  for i = 0, count - 1 do
    local quantity = tonumber(ARGV[arg + 3 * i + 2])
    if quantity > 0 then
      local counter = byKey[KEYS[key + i]]
      if counter.isSliding then takeSliding(counter, quantity) else takeAligned(counter, quantity) end
      counter.isDirty = true
    end
  end
  return 0
end

takeNext()

local answer, shortest = 'admitted:-1', nil
local alternative = 0
while nextArg <= #ARGV do
  local wait = takeNext()
  if wait == 0 then
    answer, shortest = 'admitted:' .. alternative, nil
    break
  end
  if not shortest or wait < shortest then shortest = wait end
  alternative = alternative + 1
end
if shortest then answer = format('full:%.0f', shortest) end

-- A minute more than it could be shown for here: another process may be behind, where the proof is fresh for longer.
if keepMs then call('SET', KEYS[1], '1', 'PX', format('%.0f', keepMs + 60000 + spare)) end
for _, counter in ipairs(counters) do
  if counter.isDirty then
    if counter.isSliding then saveSliding(counter) else saveAligned(counter) end
  end
end
return answer
`

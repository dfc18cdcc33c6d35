"""The scripts of an endpoint's window: who may start how much, on the server's own clock.

An endpoint's TPS has two parts. Most of it is lent to the members of the fleet as rights: so many
starts in any window (a second and a margin), each member's own, used without asking. The rest is
given slot by slot, first come, first served. What the server lends, a member has until it hears
of less, whatever becomes of the server; so the server counts a right for as long as a member may
believe in it, and at every instant

    rights that members may believe in + slots of any window + what is set aside ≤ TPS
    rights that members may believe in + their spares        + what is set aside ≤ TPS.

| the server finds                      | it                                                       |
|---------------------------------------|----------------------------------------------------------|
| a message that comes too late for its | does nothing: its sender has given it up                 |
| sender, or after a newer one          |                                                          |
| demand                                | lends each member a third more than it wants, and the    |
|                                       | rest in equal parts; if that is too much, members that   |
|                                       | want as much get the same. It reduces a right at once,   |
|                                       | and raises one when others have come down                |
| a member that was told of less        | counts the old right until the member has said how much  |
|                                       | it started under it                                      |
| that members are silent               | sets aside for them what it would give slot by slot, for |
|                                       | as long as their rights count, before it lends less      |
| that what is lent leaves room         | tells each member of a spare: so many more starts it has |
|                                       | once it has not heard the server for a while             |
| a member silent for a second          | sets its part of the TPS aside, or its spare, since it   |
|                                       | may soon take that much without asking                   |
| a message whose sender has heard no   | does not take it for the end of a silence: the sender    |
| answer recently                       | may not hear this answer either. A silent member is told |
|                                       | what it has, and is lent and given nothing until it says |
|                                       | that it has heard so                                     |
| one silent for longer than its lease  | counts its part instead of its right; forgets it after   |
|                                       | half a minute                                            |
| nothing, or what another server wrote | begins anew, and lends and gives nothing before as many  |
| (FLUSHALL, restart, failover), or     | of those who knew another have reported as they say they |
| what does not add up (a key deleted,  | were, or `workers` were heard at one time, or the leases |
| a clock set back by a second)         | of the others are over; 0.6 s if all are new             |
| fewer than `workers`, and that none   | sets the parts of the others aside for two seconds: one  |
| of them knew another server           | may have taken its part before it is heard               |
| a 429                                 | shrinks the TPS to 0.7, at most twice a second; it grows |
|                                       | back by a twentieth each second                          |

Instants are microseconds of the server's clock. Slots are entries of a sorted set: the score is
the start, the name a number, by which one is given back.
"""

from __future__ import annotations

from typing import Final

from irclient.fleet.scripts import Script

__all__ = ["LEAVE", "TAKE", "WINDOW_KEYS"]

#: What the names of an endpoint's keys end with, in the order of KEYS.
WINDOW_KEYS: Final = ("slots", "meta", "seen", "silent", "members")

TAKE: Final = Script("""
local slots, meta, seen, silent, members = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local me, sequence, token = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local tps, window, workers = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local lease, right, used = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local demand, met_before, met_in = tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[18]
local part_before, spare_before = tonumber(ARGV[19]), tonumber(ARGV[20])
local has_heard = ARGV[21] == '1'
local want, within = tonumber(ARGV[13]), tonumber(ARGV[14])
local blocked_for, shrinks, added = tonumber(ARGV[15]), ARGV[16] == '1', tonumber(ARGV[17])

local FORGET, SILENT, SWEEP, LATE = 30000000, 1000000, 100000, 2000000
local floor, max, min = math.floor, math.max, math.min

local known = redis.pcall('HMGET', meta, 'epoch', 'server', 'checked', 'began', 'sum', 'wants',
    'targets', 'scale', 'scaled', 'shrunk', 'blocked', 'swept', 'reserve', 'away', 'number',
    'expected', 'open', 'joined', 'reported', 'level', 'spares', 'tps')
if known.err then
    redis.call('DEL', meta)
    known = {}
end
local function number(at, default)
    local value = tonumber(known[at] or default)
    if value and math.abs(value) < 1e16 then return value end
    known[1] = false
    return default
end
local server, checked = known[2] or '', number(3, 0)
local began, sum, wants, targets = number(4, now), number(5, 0), number(6, 0), number(7, 0)
local scale, scaled, shrunk = number(8, 1), number(9, now), number(10, 0)
local blocked, swept, reserve, away = number(11, 0), number(12, 0), number(13, 0), number(14, 0)
local given, expected, is_open = number(15, 0), number(16, 0), known[17] == '1'
local joined, reported, level = number(18, 0), number(19, 0), number(20, 0)
local spares = number(21, 0)
local epoch = known[1]

local function count(command, key)
    local counted = redis.pcall(command, key)
    return type(counted) == 'number' and counted or -1
end
local is_set_back = now < checked - SILENT
if now - checked >= SWEEP or is_set_back then
    -- Another server knows what this one wrote, and not the last of it.
    local info = redis.pcall('INFO', 'server')
    local id = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
    -- One of the keys may have been deleted, evicted or overwritten; the others no longer add up.
    local is_whole = count('ZCARD', slots) >= 0
        and count('HLEN', members) == 6 * (count('ZCARD', seen) + count('ZCARD', silent))
    if id ~= server or not is_whole or is_set_back then epoch, server = false, id end
    checked = now
end
if not epoch then
    redis.call('DEL', slots, seen, silent, members)
    epoch, began, sum, wants, targets, scale, swept = token, now, 0, 0, 0, 1, 0
    blocked, reserve, away, expected, reported, is_open = 0, 0, 0, 0, 0, false
    spares, shrunk = 0, 0
    -- Not from nought: numbers that the server before has given will still come back.
    given = now
end
local mine = redis.call('HMGET', members, 'h' .. me, 'w' .. me, 't' .. me, 'q' .. me, 's' .. me)
if mine[4] and sequence <= (tonumber(mine[4]) or 0) then return {now, 'late'} end
local held, wanted = tonumber(mine[1] or 0), tonumber(mine[2] or 0)
local target_before = tonumber(mine[3] or 0)
-- Those who knew the server before say how many they were; some of them may be missing.
local knew_another = met_in ~= '' and met_in ~= epoch
if not is_open and knew_another then expected = max(expected, met_before) end
if not mine[4] then
    joined = now
    if knew_another and not is_open then reported = reported + 1 end
    if knew_another and is_open then expected = max(expected - 1, 0) end
end
-- A member that has heard no answer for a while may not hear this one either: it is silent until
-- it says that it did, and keeps its right meanwhile.
local heard = redis.call('ZSCORE', seen, me)
local is_silent = not has_heard and (not heard or tonumber(heard) <= now - SILENT)
if heard then spares = spares - tonumber(mine[5] or 0) end
if is_silent then
    demand, want = 0, 0
    redis.call('ZREM', seen, me)
    redis.call('ZADD', silent, now, me)
else
    if redis.call('ZREM', silent, me) == 1 then away = max(away - held, 0) end
    if has_heard then redis.call('ZADD', seen, now, me) end
end
local present = max(redis.call('ZCARD', seen), 1)
local function part_of(members)
    local part = tps / members
    return part >= 1 and floor(part) or part
end
local part = max(part_before, part_of(max(workers, present)))
if is_silent then redis.call('HSET', members, 'p' .. me, part) end
-- A member heard since the last one joined was alive beside it. One heard only before that may be
-- dead, and the new one in its place; what it started still counts for a window.
local function alive()
    return now >= joined + window and redis.call('ZCOUNT', seen, joined, '+inf') or 0
end

local missing = max(expected - reported, 0)
local opens = began + lease
if expected == 0 then
    opens = began + 600000
elseif missing == 0 or alive() >= workers then
    opens = began + window + 300000
end
if not is_open and now >= opens then is_open, expected, swept = true, missing, 0 end
if now - swept >= SWEEP then
    swept, level = now, 0
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now - SILENT)) do
        local theirs = redis.call('HMGET', members, 'w' .. name, 't' .. name, 's' .. name)
        wants, targets = wants - tonumber(theirs[1]), targets - tonumber(theirs[2])
        spares = spares - tonumber(theirs[3])
        redis.call('HSET', members, 'w' .. name, 0, 't' .. name, 0)
        -- From now: it may have heard the answer to a message that did not know of one.
        redis.call('ZADD', silent, now, name)
        redis.call('ZREM', seen, name)
    end
    present = max(redis.call('ZCARD', seen), 1)
    local rest, lapsed = redis.call('ZRANGE', silent, 0, -1, 'WITHSCORES'), {}
    reserve, away = 0, 0
    for at = 1, #rest, 2 do
        local name, heard = rest[at], tonumber(rest[at + 1])
        local fields = redis.call('HMGET', members, 'h' .. name, 'q' .. name, 'p' .. name,
            's' .. name)
        local theirs, is_gone = tonumber(fields[1] or 0), fields[2] == 'gone'
        local its_part, its_spare = tonumber(fields[3] or 0), tonumber(fields[4] or 0)
        -- Of a part that is less than one start a member keeps what it was lent.
        local keeps = its_part < 1 and not is_gone
        if heard >= now - (keeps and FORGET or lease) then
            away = away + theirs
            if not is_gone then reserve = reserve + max(its_part - theirs, its_spare) end
        else
            sum = sum - theirs
            if is_gone or heard < now - FORGET then
                redis.call('ZREM', silent, name)
                redis.call('HDEL', members, 'h' .. name, 'w' .. name, 't' .. name, 'q' .. name,
                    'p' .. name, 's' .. name)
            else
                lapsed[#lapsed + 1] = its_part
                redis.call('HSET', members, 'h' .. name, 0)
            end
        end
    end
    local unheard = now < began + FORGET and expected or 0
    -- Of processes that begin at one time, one may be late, and have taken its part unheard.
    if expected == 0 and reported == 0 and tps >= workers and now < began + LATE then
        unheard = max(workers - present - redis.call('ZCARD', silent), 0)
    end
    if is_open then
        for _ = 1, unheard do lapsed[#lapsed + 1] = part_of(workers) end
    end
    table.sort(lapsed, function(one, other) return one > other end)
    for at = 1, min(#lapsed, workers - alive()) do reserve = reserve + lapsed[at] end
    reserve = math.ceil(reserve)
end

redis.call('ZREMRANGEBYSCORE', slots, '-inf', '(' .. string.format('%.0f', now - window))
for at = 22, 21 + added do
    given = given + 1
    redis.call('ZADD', slots, now + tonumber(ARGV[at]), given)
end
for at = 22 + added, #ARGV do redis.call('ZREM', slots, ARGV[at]) end

scale = min(scale + 0.05 * max(now - scaled, 0) / 1000000, 1)
if shrinks and now - shrunk >= 500000 then scale, shrunk = max(scale * 0.7, 1 / tps), now end
blocked = max(blocked, now + min(blocked_for, 60000000))
local limit = floor(max(tps * scale, 1) + 0.000001)

-- What is lent: the members' demand and a third, then the rest in equal parts. If demand alone is
-- more than there is, nobody has more than a level; in proportion to a demand that is never still,
-- rights would always be on their way from one to another, and nobody could use them meanwhile.
wants = wants + demand - wanted
local kept = max(0.2 * limit, min(3 * math.sqrt(limit), 0.65 * limit))
-- What is set aside for silent members comes out of that for as long as their rights count: after
-- a standstill of the server they all come back, and the first must not lose its right to them.
local aside = away > 0 and max(kept, reserve) or kept + reserve
local lent, target = max(limit - away - aside, 0), 0
-- One more, since a small demand always varies; not for a member that hardly calls.
local function wish(demand) return demand > 3 and demand + 1 or demand end
local function level_of(lent)
    local names, wanted, rest = redis.call('ZRANGE', seen, 0, -1), {}, lent
    for at, name in ipairs(names) do
        wanted[at] = name == me and demand or tonumber(redis.call('HGET', members, 'w' .. name))
    end
    table.sort(wanted)
    for at, one in ipairs(wanted) do
        local equal = rest / (#wanted - at + 1)
        if wish(one) >= equal then return equal end
        rest = rest - wish(one)
    end
    return lent
end
if 1.3 * wants <= lent then
    target = floor(1.3 * demand + (lent - 1.3 * wants) / present)
elseif wants <= lent or lent < present then -- A level of less than one start would be none.
    target = floor(lent * demand / wants)
else
    if level == 0 then level = level_of(lent) end
    target = floor(min(wish(demand), level))
end
-- A member without a right can start nothing once it has lost the server: it is lent at least a
-- fortieth of an equal share.
target = max(target, floor(limit / (40 * present)))
-- A small change is not made: what a right loses, no member can use for a while.
local spare = floor(0.75 * kept / max(workers, present))
local promised = reserve + sum - held + spares + max(spare, spare_before)
if target > right and target - right <= 0.05 * target then target = right end
if target < right and right - target <= 0.15 * right and promised + right <= limit then
    target = right
end
-- The most slots in any window that ends now or later; of two a window apart none holds both.
local function most_slots()
    local exact = '%.0f'
    local ahead = redis.call('ZRANGEBYSCORE', slots, '(' .. exact:format(now), '+inf', 'WITHSCORES')
    if #ahead > 64 then return redis.call('ZCARD', slots) end
    local most = redis.call('ZCOUNT', slots, '(' .. exact:format(now - window), exact:format(now))
    for at = 2, #ahead, 2 do
        local since = '(' .. exact:format(tonumber(ahead[at]) - window)
        if ahead[at] ~= ahead[at - 2] then
            most = max(most, redis.call('ZCOUNT', slots, since, ahead[at]))
        end
    end
    return most
end
local is_lent = is_open and not is_silent
if not is_lent then target = right end
local right_before, before = right, max(right, used)
if target > right then
    local room = limit - max(promised, reserve + sum - held + most_slots())
    right = max(right, min(target, room))
else
    right = max(target, 0)
end
sum = sum - held + max(before, right)
-- What it may have besides once it has lost the server for a while is not lent meanwhile.
if not is_lent or promised + max(before, right) > limit then spare = 0 end
if is_silent then
    target, away = 0, max(away + max(before, right) - held, 0)
else
    spares = spares + max(spare, spare_before)
end
targets = targets - target_before + target
redis.call('HSET', members, 'h' .. me, max(before, right), 'w' .. me, demand, 't' .. me, target,
    'q' .. me, sequence, 'p' .. me, part, 's' .. me, max(spare, spare_before))

local open_limit = limit - reserve - max(sum, targets + away)
local function next_slot()
    if not is_open then return opens end
    if open_limit < 1 then return now + 200000 end
    local before = redis.call('ZRANGE', slots, -open_limit, -open_limit, 'WITHSCORES')[2]
    return max(now, blocked, before and before + window or 0)
end
local first, granted = next_slot(), {}
-- Its larger right serves some of the calls that wait.
want = max(want - max(min(right - used, right - right_before), 0), 0)
if not is_lent or open_limit < 1 then want = 0 end
while #granted < 2 * want and first <= now + within do
    given = given + 1
    redis.call('ZADD', slots, first, given)
    granted[#granted + 1] = first
    granted[#granted + 1] = given
    first = next_slot()
end
redis.call('HSET', meta, 'epoch', epoch, 'server', server, 'checked', checked, 'began', began,
    'sum', sum, 'wants', wants, 'targets', targets, 'scale', scale, 'scaled', now,
    'shrunk', shrunk, 'blocked', blocked, 'swept', swept, 'reserve', reserve, 'away', away,
    'number', given, 'expected', expected, 'open', is_open and 1 or 0, 'joined', joined,
    'reported', reported, 'level', level, 'spares', spares, 'tps', tps)
-- How many members there may be: the next server waits for as many.
local met = present + redis.call('ZCARD', silent)
if not is_open then
    met = met + missing
elseif now < began + FORGET then
    met = met + expected
end
-- Those who are missing may still reach the server before, and be lent what others had there.
local closed = is_open and 0 or missing > 0 and 2 or 1
return {now, epoch, right, first, blocked, limit, present, wants, closed, min(met, workers), spare,
    tonumber(known[22]) or tps, unpack(granted)}
""")

#: A member that ends well leaves its right, once what it started under it is a window old.
LEAVE: Final = Script("""
local me, window, lease = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
for at = 5, #ARGV do redis.call('ZREM', KEYS[1], ARGV[at]) end
if redis.call('ZREM', KEYS[3], me) == 1 then
    local mine = redis.call('HMGET', KEYS[5], 'w' .. me, 't' .. me, 's' .. me)
    redis.call('HINCRBY', KEYS[2], 'wants', -tonumber(mine[1]))
    redis.call('HINCRBY', KEYS[2], 'targets', -tonumber(mine[2]))
    redis.call('HINCRBY', KEYS[2], 'spares', -tonumber(mine[3]))
    redis.call('HSET', KEYS[5], 'w' .. me, 0, 't' .. me, 0, 's' .. me, 0, 'q' .. me, 'gone')
    redis.call('ZADD', KEYS[4], now - lease + window, me)
end
return {now}
""")

"""The scripts of the memory that a fleet shares: recall, keep, release, forget.

| key        | is                                                                            |
|------------|-------------------------------------------------------------------------------|
| an entry   | a string; or, of a user, a field of the one hash of all that concerns the user |
| a claim    | who asks the service for an entry now; it expires by itself                    |
| forgetting | a stream of what was forgotten; it is never evicted, for it has no expiry      |
| newest     | the newest version of each data set, with a count of changes                   |

An entry begins with the instant at which it was stored, in 16 digits of microseconds. All instants
are the server's. What has another type than it should is an entry that is not there.
"""

from __future__ import annotations

from typing import Final

from irclient.fleet.scripts import Script

__all__ = ["FORGET", "KEEP", "MOST_FORGOTTEN", "NEWS_FUNCTIONS", "RECALL", "RELEASE"]

#: How many marks are kept; a process that is further behind forgets everything that is older.
MOST_FORGOTTEN: Final = 4096
#: Fields of one user's hash, and data sets whose newest version is known.
_MOST_OF_A_USER: Final = 64
_MOST_DATA_SETS: Final = 1000

#: What was forgotten since `seen`, and the newest versions unless they are those of `counted`.
NEWS_FUNCTIONS: Final = f"""
local function last_forgotten(stream)
    local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    return last and last[1] or '0-0'
end
-- All that is older than this may be meant by something that the stream no longer tells.
local function told_since(stream)
    if redis.call('XLEN', stream) < {MOST_FORGOTTEN} then return 0 end
    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    return tonumber(string.match(first[1], '^%d+')) * 1000 + 1000
end
local function news(stream, newest, seen, counted)
    local forgotten, last = {{}}, last_forgotten(stream)
    if last ~= seen then
        for _, each in ipairs(redis.call('XRANGE', stream, seen, '+')) do
            if each[1] ~= seen then
                forgotten[#forgotten + 1] = {{each[1], each[2][2], each[2][4], each[2][6]}}
            end
        end
    end
    local versions, count = {{}}, redis.call('HGET', newest, '#') or ''
    if count ~= counted then versions = redis.call('HGETALL', newest) end
    return {{last, count, told_since(stream), forgotten, versions}}
end
"""

#: KEYS: entry, claim, forgetting, newest. ARGV from 2: the user's field or ''; fresh, usable and
#: last resort, in microseconds of age; milliseconds of a claim, 0 for none; who claims; the age of
#: what the process has itself, or -1; the instant before which nothing counts; what news it has.
#: Returns the finding, the age, when it was stored, the entry, the news.
RECALL: Final = Script(
    NEWS_FUNCTIONS
    + """
local entry, claim, field = KEYS[1], KEYS[2], ARGV[2]
local fresh, usable, last = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local claim_for, who, own = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local told = news(KEYS[3], KEYS[4], ARGV[10], ARGV[11])
local not_before = math.max(tonumber(ARGV[9]), told[3])

local found
if field == '' then found = redis.pcall('GET', entry)
else found = redis.pcall('HGET', entry, field) end
local age, stored
if type(found) == 'string' then
    stored = tonumber(string.sub(found, 1, 16))
    if stored and stored >= not_before then age = now - stored end
    -- From the future, by a clock that was set back: as old as it lies ahead, and not fresh.
    if age and age < -100000 then age, fresh = -age, -1 end
    if age then age = math.max(age, 0) end
end

local finding
if age and age <= fresh then
    finding = 'fresh'
else
    local is_mine = false
    if claim_for > 0 then
        -- Or was before: a client of a cluster may send the same again.
        is_mine = redis.call('SET', claim, who, 'NX', 'PX', claim_for)
            or redis.call('GET', claim) == who
    end
    if age and age <= usable then finding = is_mine and 'refresh' or 'usable'
    elseif is_mine then finding = 'ask'
    elseif claim_for > 0 then finding = 'wait'
    else finding = 'none' end
end
local is_told = age and age <= last and finding ~= 'wait' and (own < 0 or age + 50000 < own)
return {now, finding, age or -1, age and stored or 0, is_told and string.sub(found, 17) or '', told}
"""
)

#: KEYS as of RECALL. ARGV from 2: the user's field or ''; when it was stored; the entry;
#: milliseconds to keep it; who claimed; the last that was forgotten when the call began; the data
#: set and the version, or ''.
#: Returns 1 if it was kept.
KEEP: Final = Script(
    NEWS_FUNCTIONS
    + f"""
local entry, claim, newest, field = KEYS[1], KEYS[2], KEYS[4], ARGV[2]
local stored, keep_for = math.min(tonumber(ARGV[3]), now), tonumber(ARGV[5])
if redis.call('GET', claim) == ARGV[6] then redis.call('DEL', claim) end

local data_set, version = ARGV[8], ARGV[9]
if version ~= '' then
    local known = redis.call('HGET', newest, data_set)
    if not known or string.match(known, '^[^|]*') < version then
        if redis.call('HLEN', newest) > {_MOST_DATA_SETS} then redis.call('DEL', newest) end
        redis.call('HSETNX', newest, '#', now)
        redis.call('HINCRBY', newest, '#', 1)
        redis.call('HSET', newest, data_set, version .. '|' .. string.format('%.0f', stored))
    end
end
-- What was forgotten since the call began may have been about its answer.
if last_forgotten(KEYS[3]) ~= ARGV[7] then return {{now, 0}} end

local before
if field == '' then before = redis.pcall('GET', entry)
else before = redis.pcall('HGET', entry, field) end
if type(before) == 'string' and (tonumber(string.sub(before, 1, 16)) or 0) >= stored then
    return {{now, 0}}
end
local value = string.format('%016.0f', stored) .. ARGV[4]
if field == '' then
    redis.call('SET', entry, value, 'PX', keep_for)
    return {{now, 1}}
end
local fields = redis.pcall('HLEN', entry)
if type(fields) ~= 'number' or fields >= {_MOST_OF_A_USER} then redis.call('UNLINK', entry) end
redis.call('HSET', entry, field, value)
redis.call('PEXPIRE', entry, math.max(redis.call('PTTL', entry), keep_for))
return {{now, 1}}
"""
)

#: KEYS: claim. ARGV from 2: who claimed.
RELEASE: Final = Script(
    """
if redis.call('GET', KEYS[1]) == ARGV[2] then redis.call('DEL', KEYS[1]) end
return {now}
"""
)

#: KEYS: forgetting, and at least one hash, those of users that are forgotten. ARGV from 2: who says
#: so; then, of each that is forgotten, the kind, and what, as a digest. Returns the last mark.
FORGET: Final = Script(
    f"""
-- Deleted first: a server that is full refuses what takes memory only as the first write.
for at = 2, #KEYS do redis.call('UNLINK', KEYS[at]) end
local last
for at = 3, #ARGV, 2 do
    last = redis.call('XADD', KEYS[1], 'MAXLEN', {MOST_FORGOTTEN}, '*',
        'kind', ARGV[at], 'what', ARGV[at + 1], 'who', ARGV[2])
end
return {{now, last}}
"""
)

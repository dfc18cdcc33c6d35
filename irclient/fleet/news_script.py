"""The script by which a process hears of the others, and tells them of its endpoints' health.

| key, of each endpoint | is                                                                 |
|-----------------------|--------------------------------------------------------------------|
| asking                | the members that asked it lately, by when                          |
| ejected               | the members that eject it, by when they last said so               |
| state                 | what the fleet made of that, and a number that says which it is    |
| probe                 | who is probing it                                                  |

| a member says | and                                              | the fleet                     |
|---------------|--------------------------------------------------|-------------------------------|
| ejected       | is the only one, or one of less than a fifth of  | doubts for a moment: others   |
|               | those that asked lately                          | eject it at their next failure|
| ejected       | others say so too, a fifth of all                | ejects                        |
| failed        | the fleet ejects: its probe has failed           | ejects anew                   |
| recovered     | the fleet ejects: its probe has succeeded        | begins to return              |
| recovered     | it does not                                      | doubts no more                |

So one worker that cannot reach an endpoint takes it from no other. All of it expires.
"""

from __future__ import annotations

from typing import Final

from irclient.fleet.memory_scripts import NEWS_FUNCTIONS
from irclient.fleet.scripts import Script

__all__ = ["CLAIM_PROBE", "HEALTH_KEYS", "NEWS"]

#: What the names of an endpoint's keys end with, in the order of KEYS.
HEALTH_KEYS: Final = ("asking", "ejected", "state", "probe")

#: KEYS: forgetting, newest; then of each endpoint those above. ARGV from 2: what news of memory the
#: process has; who it is; then of each endpoint whether it was asked lately, and what happened.
#: Returns the news of the memory; and of each endpoint the number and the kind of the fleet's
#: latest change, whether the process made it, how many eject it, and whether it is in doubt.
NEWS: Final = Script(
    NEWS_FUNCTIONS
    + """
local me, answer = ARGV[4], {}
for at = 3, #KEYS, 4 do
    local asking, ejected, state, probe = KEYS[at], KEYS[at + 1], KEYS[at + 2], KEYS[at + 3]
    local argument = 5 + (at - 3) / 2
    local was_asked, event = ARGV[argument], ARGV[argument + 1]
    if was_asked == '1' or event ~= '' then
        redis.call('ZADD', asking, now, me)
        redis.call('PEXPIRE', asking, 10000)
    end
    local known = redis.call('HMGET', state, 'number', 'kind', 'who', 'doubted', 'at')
    local number, kind, who = tonumber(known[1] or 0), known[2] or '', known[3] or ''
    local doubted, changed_at = tonumber(known[4] or 0), tonumber(known[5] or 0)
    if event ~= '' then
        redis.call('ZREMRANGEBYSCORE', asking, '-inf', now - 10000000)
        redis.call('ZREMRANGEBYSCORE', ejected, '-inf', now - 90000000)
        local is_out = (kind == 'ejected' or kind == 'failed') and now - changed_at < 90000000
        local changes
        if event == 'recovered' then
            if is_out then
                redis.call('DEL', ejected)
                changes = 'recovered'
            else
                redis.call('ZREM', ejected, me)
            end
            doubted = 0
        else
            redis.call('ZADD', ejected, now, me)
            redis.call('PEXPIRE', ejected, 90000)
            local count = redis.call('ZCARD', ejected)
            if count >= 2 and count * 5 >= redis.call('ZCARD', asking) then
                if event == 'failed' or not is_out then changes = event end
            elseif event == 'ejected' then
                doubted = now
            end
        end
        if changes then number, kind, who, changed_at = number + 1, changes, me, now end
        -- No other process probes before it can have heard what this one found.
        if event ~= 'ejected' then redis.call('SET', probe, me, 'PX', 1000) end
        redis.call('HSET', state, 'number', number, 'kind', kind, 'who', who, 'doubted', doubted,
            'at', changed_at)
        redis.call('PEXPIRE', state, 90000)
    end
    local others = redis.call('ZCARD', ejected)
    if redis.call('ZSCORE', ejected, me) then others = others - 1 end
    local is_doubted = others > 0 and now - doubted < 5000000
    answer[#answer + 1] = {number, kind, who == me and 1 or 0, others, is_doubted and 1 or 0}
end
return {now, news(KEYS[1], KEYS[2], ARGV[2], ARGV[3]), answer}
"""
)

#: KEYS: probe. ARGV from 2: who; milliseconds. Returns 1 if it is the one to probe.
CLAIM_PROBE: Final = Script(
    """
return {now, redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[3]) and 1 or 0}
"""
)

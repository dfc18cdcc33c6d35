"""A script that tries each command of all scripts once, so that a missing right is found."""

from __future__ import annotations

from typing import Final

from irclient.fleet.scripts import Script

__all__ = ["TRIAL", "TRIAL_KEYS"]

#: What the names of its keys end with, in the order of KEYS.
TRIAL_KEYS: Final = ("string", "hash", "sorted", "stream")

#: Keeps nothing. Returns the command that was refused, and with what words; nothing if none was.
TRIAL: Final = Script("""
local text, hash, sorted, stream = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local tries = {
    {'SET', text, 'a', 'PX', 1000}, {'GET', text}, {'PTTL', text}, {'PEXPIRE', text, 1000},
    {'HSET', hash, 'a', 1}, {'PEXPIRE', hash, 1000}, {'HSETNX', hash, 'a', 1},
    {'HINCRBY', hash, 'a', 1}, {'HGET', hash, 'a'}, {'HMGET', hash, 'a'}, {'HGETALL', hash},
    {'HLEN', hash}, {'HDEL', hash, 'a'},
    {'ZADD', sorted, 1, 'a'}, {'PEXPIRE', sorted, 1000}, {'ZCARD', sorted},
    {'ZCOUNT', sorted, 0, 1}, {'ZRANGE', sorted, 0, 1}, {'ZRANGEBYSCORE', sorted, 0, 1},
    {'ZSCORE', sorted, 'a'}, {'ZREMRANGEBYSCORE', sorted, 2, 3}, {'ZREM', sorted, 'a'},
    {'XADD', stream, 'MAXLEN', '~', 1, '*', 'a', 1}, {'PEXPIRE', stream, 1000},
    {'XLEN', stream}, {'XRANGE', stream, '-', '+'}, {'XREVRANGE', stream, '+', '-'},
    {'DEL', text, hash}, {'UNLINK', sorted, stream},
}
for _, each in ipairs(tries) do
    local told = redis.pcall(unpack(each))
    if type(told) == 'table' and told.err then
        redis.pcall('DEL', text, hash, sorted, stream)
        return {now, each[1], told.err}
    end
end
return {now}
""")

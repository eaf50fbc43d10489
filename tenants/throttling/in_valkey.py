"""The buckets that all processes share: one call to Valkey decides, by Valkey's own clock."""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tenants.throttling.bucket import Bucket, Verdict, level_of

Unreachable = RedisError  # what `decide` raises where Valkey does not answer as it should
PATIENCE_S = 0.25

# Every bucket gives one request or none does. A full bucket is the same as none, so each expires when it is full.
# The numbers stay below 2^53, where Lua's are exact: what has passed is capped before it is multiplied.
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local let_in, levels = 1, {}
for i, key in ipairs(KEYS) do
  local limit, share, capacity = tonumber(ARGV[3*i-2]), tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
  local level, kept = capacity, redis.call('GET', key)
  if kept then
    local was, at = string.match(kept, '^(%d+) (%d+)$')
    local passed = math.min(math.max(0, now - at), math.ceil(capacity / limit))
    level = math.min(capacity, was + passed * limit)
  end
  if level < share then let_in = 0 end
  levels[i] = level
end
if let_in == 1 then
  for i, key in ipairs(KEYS) do
    local limit, share, capacity = tonumber(ARGV[3*i-2]), tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
    levels[i] = levels[i] - share
    local full_in_ms = math.ceil((capacity - levels[i]) / limit / 1000)
    redis.call('SET', key, string.format('%.0f %.0f', levels[i], now), 'PX', full_in_ms + 1)
  end
end
table.insert(levels, 1, let_in)
return levels
"""


def decide(buckets: Sequence[Bucket]) -> Verdict:
    """Take one request from every bucket, or from none; raises Unreachable."""
    arguments = [number for one in buckets for number in (one.rate.limit, one.share, one.capacity)]
    let_in, *levels = cast(list[int], script()(keys=[one.key for one in buckets], args=arguments))
    return Verdict(bool(let_in), tuple(map(level_of, buckets, levels)))


@cache
def script() -> Any:
    """Return the script bound to this process's connections; sent whole only where Valkey does not know it yet."""
    client = Redis.from_url(
        settings.ENVIRONMENT.redis_url,
        socket_timeout=PATIENCE_S,
        socket_connect_timeout=PATIENCE_S,
        retry=Retry(NoBackoff(), 1),  # a connection that a restart of Valkey has cut is made anew at once
    )
    return client.register_script(SCRIPT)

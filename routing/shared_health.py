"""What processes tell each other of the providers' health, through Valkey: open breakers, used-up rates, who probes.

A copy stands in each process's `Circuit`, so no call waits for Valkey. It is brought up to date beside the calls; while
Valkey is away each process decides for itself. Valkey's own clock counts. What concerns one tenant's own keys stays at
home.
"""

import json
import math
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from routing.circuit import Circuit, News, Told, Where

PATIENCE_S = 0.25
EVERY_S = 0.5
HEARD_FOR_S = 3.0  # so long what was heard last is held to be how things are
PROBE_S = 5.0  # a process that was given the probe and does not need it is passed over
KEPT_S = 86_400.0

# KEYS: when breakers opened, until when rates are used up, until when a probe is somebody's; all in ms by model.
# ARGV: how long a probe is somebody's and how long keys stay; three counts; (model, open for ms or -1) of breakers that
# changed, (model, ms) of rates, models that are probed, and to the end those that could be.
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease, at = now + ARGV[1], 6
for _ = 1, tonumber(ARGV[3]) do
  local model, open = ARGV[at], tonumber(ARGV[at + 1])
  if open >= 0 then redis.call('HSET', KEYS[1], model, now - open)
  else redis.call('HDEL', KEYS[1], model) redis.call('HDEL', KEYS[3], model) end
  at = at + 2
end
for _ = 1, tonumber(ARGV[4]) do
  local model, till = ARGV[at], now + ARGV[at + 1]
  if till > tonumber(redis.call('HGET', KEYS[2], model) or 0) then redis.call('HSET', KEYS[2], model, till) end
  at = at + 2
end
for _ = 1, tonumber(ARGV[5]) do
  redis.call('HSET', KEYS[3], ARGV[at], lease)
  at = at + 1
end
local given = {}
for i = at, #ARGV do
  if tonumber(redis.call('HGET', KEYS[3], ARGV[i]) or 0) < now then
    redis.call('HSET', KEYS[3], ARGV[i], lease)
    table.insert(given, ARGV[i])
  end
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[2]) end
return {now, redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), given}
"""


class SharedHealth:
    """Keeps one circuit and Valkey in step; may be used from several threads."""

    def __init__(self, circuit: Circuit, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._circuit, self._clock = circuit, clock
        self._next = -math.inf
        self._lock = threading.Lock()

    def sync_now_and_then(self) -> None:
        """Bring both up to date where that was not done a moment ago."""
        if self._clock() >= self._next:
            self.sync()

    def sync(self) -> bool:
        """Tell what changed here and take in what others told; tell whether Valkey answered."""
        with self._lock:
            self._next = self._clock() + EVERY_S
            news = self._circuit.news()
            try:
                told, given = _exchanged(news)
            except (RedisError, OSError):
                self._circuit.untold(news)
                return False
            self._circuit.hear(told, given=given, for_s=HEARD_FOR_S, probe_s=PROBE_S)
            return True


def forget() -> None:
    """Let nothing be known of any provider."""
    _script().registered_client.delete(*_keys())


def _exchanged(news: News) -> tuple[Told, set[Where]]:
    breakers = [
        word for where, open_s in news.breakers.items() for word in (_name(where), _ms(open_s, closed=-1))
    ]
    pauses = [word for where, paused_s in news.pauses.items() for word in (_name(where), _ms(paused_s))]
    counts = (len(news.breakers), len(news.pauses), len(news.probed))
    words = [*breakers, *pauses, *map(_name, news.probed), *map(_name, news.due)]
    now_ms, opened, paused, given = _script()(keys=_keys(), args=[_ms(PROBE_S), _ms(KEPT_S), *counts, *words])
    told = Told(
        breakers={where: max(0.0, (now_ms - at_ms) / 1000) for where, at_ms in _pairs(opened)},
        pauses={where: (until_ms - now_ms) / 1000 for where, until_ms in _pairs(paused) if until_ms > now_ms},
    )
    return told, set(map(_where, given))


def _ms(seconds: float | None, *, closed: int = 0) -> int:
    return closed if seconds is None else round(seconds * 1000)


def _name(where: Where) -> str:
    return json.dumps(where)


def _keys() -> list[str]:
    """Name what is shared after the database: two installations may use one Valkey."""
    home = f"miosa:{connection.settings_dict['NAME']}:health"
    return [f"{home}:opened", f"{home}:paused", f"{home}:probed"]


def _pairs(flat: "list[bytes]") -> "list[tuple[Where, int]]":
    return [(_where(name), int(value)) for name, value in zip(flat[::2], flat[1::2], strict=True)]


def _where(name: bytes) -> Where:
    provider, model = json.loads(name)
    return provider, model


@cache
def _script() -> Any:
    client = Redis.from_url(
        settings.ENVIRONMENT.redis_url,
        socket_timeout=PATIENCE_S,
        socket_connect_timeout=PATIENCE_S,
        retry=Retry(NoBackoff(), 1),
    )
    return client.register_script(SCRIPT)

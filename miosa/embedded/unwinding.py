"""Turn the first Ctrl-C or SIGTERM into an orderly way out, and let no second one disturb it."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(SystemExit):
    """Somebody asked this process to stop; its code is the shell's, 128 and the signal's number."""


@contextlib.contextmanager
def unwinding() -> Iterator[None]:
    """Raise Stopped in the main thread at the first signal; everything inside this block then cleans up in peace.

    What cleans up must do so in bounded time: later signals are ignored until the block has ended.
    """

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        for later in SIGNALS:
            signal.signal(later, signal.SIG_IGN)
        raise Stopped(128 + number)

    # Under nohup a closed terminal stays ignored. Ctrl-C is heard even by a shell's background job.
    taken = [
        number for number in SIGNALS if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN
    ]
    before = {number: signal.signal(number, stop) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

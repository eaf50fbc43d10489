"""What can go wrong with a box, told so that the reader knows what to do.

BoxError
├── BoxUnavailable    no box can be opened on this machine, or just now: nothing runs outside a box instead
├── BoxRefused        the specification or the request is not one a box takes; a repeat changes nothing
├── BoxGone           the box ended; `ending` says why
├── BoxTimeout        a cell took longer than it was given; it was interrupted
└── BoxAnswer         the box itself said no
    ├── NotFound      no such file, process, context or open port
    ├── AlreadyThere  a file or folder of this name exists
    ├── WrongKind     a folder where a file is needed, or the other way round; a device, pipe or socket
    ├── NotAllowed    the box's user may not
    └── DiskFull      the box's disk, or the largest file it takes, is used up
"""

from dataclasses import dataclass


class BoxError(Exception):
    """The box did not do what it was asked."""

    retryable: bool = False


class BoxUnavailable(BoxError):  # noqa: N818  (it is what the user is told)
    """Boxes cannot be opened here; everything else works. The message says why and what to install."""

    retryable = True


class BoxRefused(BoxError):  # noqa: N818  (as above)
    """What was asked is outside what a box takes."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a box ended.

    `reason`: closed (by us), time (its lifetime was over), memory, disk, processes, killed (from outside),
    lost (its agent stopped or answered nonsense). `detail` is a sentence for people.
    """

    reason: str
    detail: str = ""


class BoxGone(BoxError):  # noqa: N818  (as above)
    """The box ended, and all that was in it with it; open another one."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"The box ended ({ending.reason}). {ending.detail}".strip())
        self.ending = ending


class BoxTimeout(BoxError):  # noqa: N818  (as above)
    """The cell took longer than it was given and was interrupted; give it more time or less to do."""


class BoxAnswer(BoxError):  # noqa: N818  (as above)
    """The box said no."""


class NotFound(BoxAnswer):
    """There is no such thing in the box."""


class AlreadyThere(BoxAnswer):
    """The name is taken in the box."""


class WrongKind(BoxAnswer):
    """It is there, but it is not a plain file (or not a folder)."""


class NotAllowed(BoxAnswer):
    """The box's user has no right to it."""


class DiskFull(BoxAnswer):
    """No space left in the box, or the file would be larger than the box takes."""

"""Become another program that ends with its parent, as another account where asked.

Run as a script: `python -I -S die_with_parent.py PARENT_PID SIGNAL UID GID PROGRAM ARGUMENT...`; UID and GID `-` keep
the account. A script of its own and not `preexec_fn`, since Python code between fork and exec can deadlock in a
process that has threads. Its imports are few: it costs 15 ms.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>; a change of account clears it, so it is set after that; exec keeps it


def main() -> None:
    """Drop the account, ask the kernel for a signal at the parent's death, then become the program."""
    parent, number, uid, gid, *command = sys.argv[1:]
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number))
    if os.getppid() != int(parent):  # it died before we asked
        sys.exit(1)
    # Python ignores SIGPIPE, and a shell's `&` ignores SIGINT; ignored signals outlive exec.
    for restored in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(restored, signal.SIG_DFL)
    try:
        os.execv(command[0], command)  # noqa: S606  no shell is meant
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main()

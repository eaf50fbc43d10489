"""What notebooks write beside Python: `!command` runs in a shell, `%time` and its like run what stands behind them.

Only a cell that is no Python is looked at, line by line, so that its lines keep their numbers.
"""

import ast
import os
import re
import subprocess
import sys

SHELL = "__shell__"  # the name under which cells find `shell`
LEFT_OUT = {"matplotlib", "load_ext", "reload_ext", "autoreload", "config", "pylab"}
TIMED = {"time", "timeit", "capture", "prun"}
SHELLS = {"bash", "sh", "script"}
MAGIC = re.compile(r"%(\w+)[ \t]*(.*)")


def shell(command: str) -> None:
    """Run a command; what it says is what the cell says."""
    sys.stdout.flush()
    done = subprocess.run(["/bin/bash", "-c", command], check=False)  # noqa: S603
    if done.returncode:
        sys.stderr.write(f"exit code {done.returncode}\n")


def plain(code: str) -> str:
    """Return the cell as Python; as it is, where it is Python already or cannot be made so."""
    if _parses(code):
        return code
    if code.lstrip().startswith("%%"):
        head, _, rest = code.lstrip().partition("\n")
        made = _whole(head[2:].split()[0] if head[2:].split() else "", rest)
    else:
        made = "\n".join(_line(line) for line in code.split("\n"))
    return made if _parses(made) else code


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def _whole(name: str, rest: str) -> str:
    if name in SHELLS:
        return f"{SHELL}({rest!r})"
    return "\n" + rest if name in TIMED else "%%"


def _line(line: str) -> str:
    inner = line.lstrip()
    indent = line[: len(line) - len(inner)]
    if inner.startswith("!"):
        return f"{indent}{SHELL}({inner[1:]!r})"
    found = MAGIC.fullmatch(inner)
    return indent + _magic(found[1], found[2]) if found else line


def _magic(name: str, rest: str) -> str:
    if name in LEFT_OUT:
        return "pass"
    if name in TIMED:
        return rest or "pass"
    if name == "cd":
        return f"__import__('os').chdir({os.path.expanduser(rest.strip()) or os.path.expanduser('~')!r})"
    if name in {"pip", "sx", "system"}:
        return f"{SHELL}({(f'python3 -m pip {rest}' if name == 'pip' else rest)!r})"
    return f"%{name} {rest}"

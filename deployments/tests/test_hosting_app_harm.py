"""An app that means harm does it to itself: its neighbours are served, and it reaches nobody."""

import contextlib
import secrets
import time
from pathlib import Path

import httpx
import pytest

from deployments.tests.boxes import needs_boxes
from deployments.tests.hosting_fixtures import customer_fixture, host_fixture  # noqa: F401
from deployments.tests.hosting_server import Customer
from deployments.tests.test_hosting_apps import PLAIN, SOCKET, web
from miosa.embedded.processes import until

pytestmark = needs_boxes
HOSTILE = {
    "forks": "import os\ntry:\n while True: os.fork()\nexcept OSError: pass",
    "memory": "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "disk": "f = open('/home/user/big', 'wb')\nwhile True: f.write(b'x' * (1 << 20))",
    "processor": "import subprocess, sys\nfor _ in range(8): subprocess.Popen([sys.executable, '-c', 'while True: pass'])",
    "log": "while True: print('harm begins ' * 5000)",
    "open files": "kept = []\nwhile True: kept.append(open('/dev/null'))",
    "threads": "import time\nwhile True: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
}


@pytest.mark.parametrize("harm", HOSTILE)
def test_an_app_that_means_harm_harms_itself(host, customer, harm):
    """Whatever it takes without end ends at its own box; another tenant's app is served all the while."""
    neighbour = Customer(host, name=f"{customer.name}-n", tenant_id="neighbour", recipe=web(PLAIN))
    theirs = neighbour.deploy("one", {"app.py": SOCKET.format(body='b"well"')})
    customer.recipe = web(PLAIN, health_deadline_s=3)
    code = f"""import threading
def harm():
    print("harm begins", flush=True)
{_indented(HOSTILE[harm])}
threading.Thread(target=harm, daemon=True).start()
"""
    bad = {"app.py": code + SOCKET.format(body='b"bad"')}
    ref = customer.server.target.apply(customer.spec(bad), key="one")
    assert until(lambda: "harm begins" in customer.log(ref), timeout_s=20)
    for _ in range(10):
        assert neighbour.open(theirs).text == "well"
        time.sleep(0.1)  # the harm goes on meanwhile
    customer.server.target.destroy(customer.place)
    assert neighbour.open(theirs).text == "well"


def _indented(code):
    return "\n".join(f"    {line}" for line in code.splitlines())


def test_an_app_reaches_nobody(host, customer):
    """Neither the control side, nor this machine's ports, nor the disk of the host, nor the network."""
    neighbour = Customer(host, name=f"{customer.name}-n", tenant_id="neighbour", recipe=web(PLAIN))
    neighbour.deploy("one", {"app.py": SOCKET.format(body='b"well"')})
    tries = f"""
import socket, os
def reach():
    found = []
    for port in ({host.port}, {host.sites_port}):
        try: socket.create_connection(("127.0.0.1", port), 1); found.append(port)
        except OSError: pass
    try: socket.create_connection(("192.0.2.1", 80), 1); found.append("out")
    except OSError: pass
    for path in ({str(host.folder)!r}, "/etc/shadow", "/root", "/var/lib"):
        try: found.append(open(path).read() if os.path.isfile(path) else os.listdir(path))
        except OSError: pass
    return repr(found).encode()
"""
    customer.recipe = web(PLAIN)
    ref = customer.deploy("one", {"app.py": tries + SOCKET.format(body="reach()")})
    assert customer.open(ref).text == "[]"


RAW = """
import os, socket, threading
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
def answer(link):
    request = b""
    while b"\\r\\n\\r\\n" not in request:
        request += link.recv(4096)
    try:
        if b"/headers" in request:
            link.sendall(b"HTTP/1.1 200 OK\\r\\n")
            while True: link.sendall(b"x-a: " + b"a" * 4096 + b"\\r\\n")
        elif b"/nonsense" in request: link.sendall(b"no HTTP at all\\r\\n\\r\\n")
        elif b"/cut" in request: link.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nshort")
        elif b"/split" in request: link.sendall(b"HTTP/1.1 200 OK\\r\\nX-A: b\\rX-B: c\\r\\nContent-Length: 0\\r\\n\\r\\n")
        else: link.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok")
    except OSError: pass
    link.close()
while True:
    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
"""


def test_answers_that_are_none_end_at_the_proxy(customer):
    """Headers without end, no HTTP, half a body, a header split in two: the client is told, and the app serves on."""
    customer.recipe = web(PLAIN)
    ref = customer.deploy("one", {"app.py": RAW})
    for path in ("headers", "nonsense", "split"):
        assert customer.open(ref, path).status_code == 502, path
    with pytest.raises(httpx.RemoteProtocolError):
        customer.open(ref, "cut")
    assert customer.open(ref).text == "ok"


STUBBORN = """
import os, signal, subprocess, sys
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
hidden = "import os, signal, time; os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(9e5)  # MARK"
if os.fork() == 0:
    if os.fork() == 0: os.execvp(sys.executable, [sys.executable, "-c", hidden])
    os._exit(0)
"""


def test_nothing_of_an_app_outlives_it(customer):
    """It ignores every signal, and its grandchild hides in a session of its own: suspended, both are gone."""
    customer.recipe = web(PLAIN)
    mark = secrets.token_hex(8)
    ref = customer.deploy("one", {"app.py": STUBBORN.replace("MARK", mark) + SOCKET.format(body='b"up"')})
    assert customer.open(ref).text == "up"
    assert until(lambda: hidden_ones(mark) == 1, timeout_s=10)
    customer.server.target.suspend(customer.place)
    assert until(lambda: hidden_ones(mark) == 0, timeout_s=10)


def hidden_ones(mark):
    """Count the processes of this machine whose command carries the grandchild's mark."""
    found = 0
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += mark.encode() in place.read_bytes()
    return found

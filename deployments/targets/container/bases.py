"""Which images ours are built on. A tag names the version; moves within it are repairs of its publisher."""

from typing import Final

REGISTRY: Final = "docker.io"  # the default of the build argument REGISTRY; a mirror takes its place

# The versions of Python and Node.js are those of our boxes: what runs is what was tested. As of November 2026.
PYTHON: Final = "library/python:3.11-slim-bookworm"
NODE: Final = "library/node:24-bookworm-slim"
PLAIN: Final = "library/debian:bookworm-slim"
WEB_SERVER: Final = "nginxinc/nginx-unprivileged:1.28-alpine"  # user 101, writes to /tmp only

OWN_USER: Final = 10001
WEB_SERVER_USER: Final = 101
WEB_SERVER_PORT: Final = 8080

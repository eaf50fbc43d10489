"""The sandboxes there are, by name."""

from deployments.sandboxes.bubblewrap import Bubblewrap
from deployments.sandboxes.contract import Sandbox

SANDBOXES: dict[str, Sandbox] = {"bubblewrap": Bubblewrap()}

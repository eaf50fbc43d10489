"""Boxes as both kinds of user open them."""

import pytest

from deployments.sandboxes.bubblewrap import Bubblewrap
from deployments.tests.boxes import plain_users_boxes


@pytest.fixture(scope="session", params=["as started", "by an ordinary user"])
def box(request):
    """The sandbox as this process opens it (by root: drops to a plain user id), and with a user namespace."""
    if request.param == "as started":
        yield Bubblewrap()
    else:
        with plain_users_boxes() as boxes:
            yield boxes

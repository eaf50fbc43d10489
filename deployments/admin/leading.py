"""Buttons that lead to a page, without asking and without a change."""

from collections.abc import Callable
from typing import Any, cast

from unfold.decorators import action
from unfold.enums import ActionVariant


def leading(name: str, *, icon: str, permission: str = "", danger: bool = False) -> Callable[[Any], Any]:
    """Make a method of a ModelAdmin a button of one row; `permission` is the middle of `has_<permission>_permission`."""
    variant = ActionVariant.DANGER if danger else ActionVariant.DEFAULT
    permissions = [permission] if permission else None
    made = action(description=name, permissions=permissions, icon=icon, variant=variant)
    return cast("Callable[[Any], Any]", made)

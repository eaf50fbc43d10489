"""Learns anew what is fitted: the maps of confidences, and what prompts teach."""

from uuid import UUID

from routing import calibrations, prompt_fits
from tenants.places import in_each_place

LOOK_BACK_S = 1_800  # twice the time between two rounds: one that was missed is made up for

DUE = """
SELECT DISTINCT tenant_id FROM routing_outcome WHERE created > now() - make_interval(secs => %s)"""


def due() -> list[UUID]:
    """Return the tenants that were told something lately, as the platform."""
    return [tenant_id for (tenant_id,) in in_each_place(DUE, [LOOK_BACK_S])]


def relearn() -> None:
    """Fit everything of the current tenant anew; what did not change is not stored again."""
    calibrations.relearn()
    prompt_fits.relearn()

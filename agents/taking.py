"""A step is taken: claimed and begun, with the profile that its agent asks with."""

from uuid import UUID

import orjson

from agents import leases
from agents.contract import Profile
from agents.leases import Claim
from agents.models import Step
from agents.profiles_in_force import in_force
from agents.registry_kinds import AgentKind, profile_of
from agents.workbench import LiveBench

VERSIONS = orjson.dumps({str(kind): profile_of(kind).prompt_version for kind in AgentKind}).decode()


def taken(tenant_id: UUID, step_id: UUID) -> LiveBench | None:
    """Claim a step and mark its start, in the caller's transaction where there is one; None where it is not due or is held."""
    held = leases.claim(tenant_id, step_id, versions=VERSIONS)
    if held is None:
        return None
    return LiveBench(held, profile=_profile_of(held))


def _profile_of(held: Claim) -> Profile | None:
    step = held.step
    if step.agent not in set(AgentKind):
        return None
    own = profile_of(step.agent)
    profile = in_force(step.agent).of(held.execution) if held.is_changed else own
    if profile.prompt_version != own.prompt_version:
        step.prompt_version = profile.prompt_version
        Step.objects.filter(pk=step.pk).update(prompt_version=profile.prompt_version)
    return profile

"""A step is taken: claimed and begun, with its execution locked first and the profile that its agent asks with."""

from uuid import UUID

from agents import executions, leases
from agents.above import Above, above
from agents.contract import Profile
from agents.profiles_in_force import in_force
from agents.registry_kinds import AgentKind, profile_of
from agents.workbench import LiveBench


def taken(tenant_id: UUID, step_id: UUID) -> LiveBench | None:
    """Claim a step and mark its start, in the caller's transaction; its execution is locked first."""
    found = above(step_id)
    if found is None:
        return None
    profile = _profile_of(found)
    held = leases.claim(tenant_id, step_id, prompt_version=profile.prompt_version if profile else "")
    if held is None or executions.begin(held, found.execution) is None:
        return None
    return LiveBench(found.execution, held.step, held, profile=profile)


def _profile_of(found: Above) -> Profile | None:
    if found.agent not in set(AgentKind):
        return None
    return in_force(found.agent).of(found.execution) if found.is_changed else profile_of(found.agent)

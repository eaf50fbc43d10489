"""Every kind has what it needs to be chosen and to work."""

from dataclasses import replace

from agents.contract import Profile
from agents.registry_kinds import ORCHESTRATOR, PROFILES, AgentKind, faults, profile_of
from agents.roster import ROSTER

KINDS = {
    "communication": ("chat", "consultation", "support"),
    "analysis": ("requirements_analysis", "feasibility_study"),
    "strategy": ("planning", "roadmap"),
    "architect": ("system_design", "tech_stack"),
    "development": ("code_generation", "refactoring"),
    "quality": ("code_review", "testing"),
    "deployment": ("deploy",),
    "monitoring": ("monitoring",),
    "integration": (),
    "recommender": (),
    "ai_providers": (),
}


def test_the_eleven_are_there_with_their_required_capabilities():
    """Kinds and required capabilities are those of the product's definition, the orchestrator beside them."""
    required = {
        kind: tuple(name.removesuffix("*") for name in profile.capabilities if name.endswith("*"))
        for kind, profile in PROFILES.items()
    }
    assert required == KINDS
    assert {str(kind) for kind in AgentKind} == {*KINDS, "orchestrator"}
    assert profile_of("orchestrator") is ORCHESTRATOR
    assert profile_of("quality") is ROSTER["quality"].profile


def test_no_kind_lacks_prompt_or_capabilities():
    """The check that would fail is run on the roster as it is, and on a broken one."""
    assert list(faults({**PROFILES, "orchestrator": ORCHESTRATOR})) == []
    broken = {
        "quality": replace(PROFILES["quality"], prompt="", capabilities=()),
        "other": PROFILES["analysis"],
    }
    assert list(faults(broken)) == [
        "agent quality has no prompt",
        "agent quality has no capabilities",
        "agent other calls itself analysis",
    ]


def test_purposes_are_one_sentence_and_all_different():
    """They are matched by meaning and shown, so two may not be alike."""
    purposes = [profile.purpose for profile in PROFILES.values()]
    assert len(set(purposes)) == len(purposes)
    assert all(purpose.endswith(".") and purpose.count(".") == 1 for purpose in purposes)


def test_each_agent_has_its_own_prompt():
    """No two agents say the same to a model, and no two versions are equal."""
    assert len({profile.prompt for profile in PROFILES.values()}) == len(PROFILES)
    assert len({profile.prompt_version for profile in PROFILES.values()}) == len(PROFILES)


def test_the_prompt_version_is_its_content():
    """One changed word in any question changes the version, and nothing else does."""
    one = Profile("a", "b", ("c",), "chat", "speed", "You talk.", {"ask": "Say {x}."})
    assert one.prompt_version == replace(one, purpose="other", mode="cost").prompt_version
    assert one.prompt_version != replace(one, asks={"ask": "Say {x}!"}).prompt_version
    assert one.prompt_version != replace(one, prompt="You speak.").prompt_version
    assert len(one.prompt_version) == 12

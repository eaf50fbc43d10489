"""The roster: one file and one line for each agent."""

from collections.abc import Mapping

from agents.contract import Agent
from agents.roster import (
    ai_providers,
    analysis,
    architect,
    communication,
    deployment,
    development,
    integration,
    monitoring,
    quality,
    recommender,
    strategy,
)

ROSTER: Mapping[str, Agent] = {
    agent.profile.kind: agent
    for agent in (
        communication,
        analysis,
        strategy,
        architect,
        development,
        quality,
        deployment,
        monitoring,
        integration,
        recommender,
        ai_providers,
    )
}

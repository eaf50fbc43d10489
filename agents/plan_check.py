"""What can be checked of a plan before it runs: does it take up the whole request, and is code reviewed."""

from agents.contract import Evidence
from agents.plan import Plan, unreviewed
from agents.text.request import read_request
from agents.text.words import stems
from agents.verifiers import weights
from agents.verifiers.finding import finding

LEAST_TAKEN_UP = 0.6  # share of the request's content words; plans rephrase, so not all of them


def plan_evidence(plan: Plan, request: str) -> tuple[Evidence, ...]:
    """Return the findings about a plan for a request; the text to work on is not part of what is asked."""
    asked = stems(read_request(request).wanted)
    told = stems(" ".join(f"{step.purpose} {step.instruction}" for step in plan.steps))
    share = len(asked & told) / len(asked) if asked else 0.0
    taken_up = not plan.left_out and share >= LEAST_TAKEN_UP
    missing = f"; left out: {', '.join(plan.left_out)}" if plan.left_out else ""
    detail = f"{share:.0%} of the words of the request occur in the steps{missing}"
    bare = unreviewed(plan.steps)
    reviewed = f"without a review: {', '.join(bare)}" if bare else "code steps are followed by a review"
    return (
        finding("takes up the whole request", passed=taken_up, weight=weights.COVERS_ALL, detail=detail),
        finding("code is reviewed", passed=not bare, weight=weights.ORDERED, detail=reviewed),
    )

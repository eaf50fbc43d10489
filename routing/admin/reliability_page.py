"""The page of reliability: predicted confidence against what happened, for everybody and each agent."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from miosa.drawing.reliability import Met, reliability_diagram
from routing.admin.chosen import chosen, looking_at
from routing.pictures.confidence import BELIEVED, EVERYBODY, LABELS, MOST_ROWS, Standing, standings

NEEDED = ("routing.view_outcome",)
SIDE, SMALL = 330, 290  # pixels of the diagram for everybody, and of one agent's
LEAST_DRAWN = 10  # answers below which a diagram would show noise
NAMES = {
    BELIEVED: "people, else judge, else checks",
    "feedback": "people",
    "judge": "judge",
    "checks": "checks",
}
TOLD = {
    BELIEVED: "What happened is what people said, else what the judge said, else what the checks found. Where only"
    " the checks spoke, confidence is held against the very checks it was made from: that part flatters it.",
    "feedback": "What happened is what people said; answers that nobody spoke of are left out.",
    "judge": "What happened is what a stronger model said; answers it was not asked about are left out.",
    "checks": "What happened is what the checks found. Confidence is made from the same checks, so this is circular:"
    " it shows that the two fit each other, not that answers are right.",
}  # fmt: skip


def reliability_page(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """Show the diagrams of one tenant or all, by the verdict of `?label=`."""
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied
    what, label = chosen(request), request.GET.get("label", "")
    label = label if label in LABELS else BELIEVED
    with looking_at(what.tenant):
        found = standings(what.period, what.tenant_id, label=label)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Reliability",
        **what.context(),
        "label": label,
        "labels": [(name, NAMES[name]) for name in LABELS],
        "told": TOLD[label],
        "standings": [_shown(one) for one in found],
        "cut": MOST_ROWS if any(one.n == MOST_ROWS for one in found) else None,
    }
    return TemplateResponse(request, "admin/routing/reliability.html", context)


def _shown(one: Standing) -> dict[str, Any]:
    whole = one.agent == EVERYBODY
    name = "All answers" if whole else one.agent.replace("_", " ").capitalize() or "Calls without an agent"
    points = [Met(b.mean_chance, b.mean_outcome, b.low, b.high, b.n) for b in one.bins]
    title = f"Reliability of {name.lower() if whole else name}"
    return {
        "name": name,
        "whole": whole,
        "n": one.n,
        "ece": f"{one.ece:.3f}",
        "brier": f"{one.brier.score:.3f}",
        "constant": f"{one.brier.constant:.3f}",
        "skill": f"{one.brier.skill:+.0%}" if one.brier.constant > 0 else "–",
        "diagram": reliability_diagram(points, title=title, side=SIDE if whole else SMALL)
        if one.n >= LEAST_DRAWN
        else None,
        "bins": [
            {
                "from": f"{10 * b.lower:.0f} to {10 * b.upper:.0f}",
                "n": b.n,
                "predicted": f"{10 * b.mean_chance:.1f}",
                "happened": f"{b.mean_outcome:.0%}",
                "interval": f"{b.low:.0%} to {b.high:.0%}",
            }
            for b in one.bins
        ],
    }

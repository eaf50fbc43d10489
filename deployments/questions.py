"""Questions in the words of people: what will happen if somebody says yes."""

from django.utils import timezone

from deployments.models import Approval
from miosa.pages.visible import visible, visible_in

LAUNCH, SPEND, TOOL = "deployment.launch", "execution.spend", "tool.use"


def told(row: Approval) -> str:
    """The question in a sentence, from its effect."""
    return visible(_told(row))


def _told(row: Approval) -> str:
    effect = row.effect
    if row.kind == LAUNCH and "project" in effect:
        return (
            f"Deploy release {effect.get('release')} of {effect['project']} to {effect.get('environment')}?"
        )
    if row.kind == SPEND and "may_cost" in effect:
        return f"Let an execution begin that may cost {effect['may_cost']}?"
    if row.kind == TOOL and "tool" in effect:
        return f"Let the tool {effect['tool']} do this?"
    return row.kind.replace(".", " ").replace("_", " ").capitalize() + "?"


def now_of(row: Approval) -> str:
    """Its state as of now: a question whose time is over is expired before anybody has written so."""
    over = row.state == Approval.State.PENDING and row.expires <= timezone.now()
    return str(Approval.State.EXPIRED if over else row.state)


def is_withdrawn(row: Approval) -> bool:
    """Whether it was closed before its time, since what asked for it had ended."""
    return bool(row.state == Approval.State.EXPIRED and row.expires > timezone.now())


def is_id(name: str) -> bool:
    """Whether a member of an effect tells a person little: it is shown last."""
    return name.endswith(("_id", "_sha256")) or name == "checksum"


def laid_out(row: Approval) -> list[tuple[str, object]]:
    """Return the members of its effect, those that tell something first; no letter of them is invisible."""
    return sorted(visible_in(row.effect).items(), key=lambda item: (is_id(item[0]), item[0]))

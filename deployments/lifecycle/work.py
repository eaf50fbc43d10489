"""One deployment under a worker's hands: its rows, its target, and what was last seen of it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from deployments.lifecycle import pace
from deployments.lifecycle.deciding import Look, Seen
from deployments.lifecycle.leases import Claim, LostLease
from deployments.lifecycle.probing import Expected
from deployments.lifecycle.reaching import is_addressed, ref_of, spec_of, target_named, wishes_of
from deployments.lifecycle.states import State
from deployments.models import Deployment, Service
from deployments.targets.contract import Capabilities, DeployRef, DeployTarget, Spec, Status


@dataclass
class Work:
    """What `status` and `look` say was seen where the deployment stands now; None: not looked yet."""

    held: Claim
    status: Status | None = None
    look: Look | None = None
    looks: int = 0
    last_detail: str = ""
    row: Deployment = field(init=False)

    def __post_init__(self) -> None:
        self.read()

    def read(self) -> None:
        """Read the row anew: a request may have come in meanwhile. Raises LostLease where it is gone or not ours."""
        row = Deployment.objects.select_related("service").filter(pk=self.held.deployment_id).first()
        if row is None or row.fence != self.held.fence:
            raise LostLease(str(self.held.deployment_id))
        self.row = row

    @property
    def service(self) -> Service:
        row: Service = self.row.service
        return row

    @property
    def key(self) -> str:
        """The same in every try of this deployment."""
        return str(self.row.pk)

    @cached_property
    def target(self) -> DeployTarget:
        return target_named(self.service.target)

    @cached_property
    def capabilities(self) -> Capabilities:
        return self.target.capabilities()

    @cached_property
    def _spec(self) -> Spec:
        return spec_of(self.row, self.service)

    @property
    def spec(self) -> Spec:
        """What is made, with the service's name at the target as it is known by now."""
        return replace(self._spec, place=replace(self._spec.place, external_id=self.service.external_id))

    @property
    def ref(self) -> DeployRef:
        return ref_of(self.row, self.spec.place)

    @property
    def expected(self) -> Expected:
        recipe = self._spec.recipe
        return Expected(recipe.health_path, recipe.health_status, recipe.health_body)

    @property
    def is_rollback(self) -> bool:
        return bool(self.row.kind == Deployment.Kind.ROLLBACK)

    def detail(self, name: str, default: Any = 0) -> Any:
        """Return how far it came, as the row keeps it."""
        return self.row.details.get(name, default)

    def address(self, *, public: bool) -> str:
        """Return where it is looked at: under its public address, or under its own before it has traffic."""
        if self.status is None:
            return ""
        return self.status.url if public else self.status.candidate_url

    def forget_looks(self) -> None:
        """What was seen is no longer how it is."""
        self.status = self.look = None

    def arrived_somewhere(self) -> None:
        """It stands where it was not before: looks begin anew."""
        self.forget_looks()
        self.looks, self.last_detail = 0, ""

    def seen(self) -> Seen:
        """Return all that the next step is decided by."""
        outline = self.outline()
        return outline if outline.state == State.QUEUED else self._under_way(outline)

    def outline(self) -> Seen:
        """Return what the row alone says; no target, release or variable is needed for it."""
        row = self.row
        return Seen(
            now=self.held.now(),
            state=State(row.state),
            takeovers=row.attempt,
            cancel_asked=row.cancel_asked is not None,
            rollback=self.is_rollback,
            percent=row.percent,
            aim=self.detail("aim"),
        )

    def _under_way(self, seen: Seen) -> Seen:
        wishes = wishes_of(
            self.service,
            self.row.strategy,
            steps=pace.CANARY_STEPS,
            hold_s=pace.CANARY_HOLD_S,
            build_s=pace.BUILD_DEADLINE_S,
        )
        began = self.row.build_started.timestamp() if self.row.build_started else seen.now
        known = replace(
            seen,
            began=began,
            since=self.detail("since", began),
            known=bool(self.row.external_id),
            candidate=self.capabilities.candidate,
            addressed=is_addressed(self._spec.recipe),
            ladder=(100,) if seen.rollback else wishes.ladder,
            hold_s=wishes.hold_s,
            build_deadline_s=wishes.build_deadline_s,
            health_deadline_s=self._spec.recipe.health_deadline_s,
            look=self.look,
            looks=self.looks,
            failures=self.detail("failures"),
        )
        return known if self.status is None else self._asked(known, self.status)

    def _asked(self, seen: Seen, status: Status) -> Seen:
        return replace(
            seen,
            addressed=seen.addressed and bool(self.address(public=seen.percent >= pace.ALL)),
            phase=status.phase,
            traffic=status.traffic_percent,
            detail=status.detail,
            retry_after_s=status.retry_after_s,
        )

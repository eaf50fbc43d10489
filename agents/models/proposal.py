"""A change of one agent that is proposed, tested, rolled out, and taken back where it does harm."""

from django.db import models
from django.db.models import Q

from agents.models.lesson import Lesson
from agents.models.memory import Memory
from tenants.owned import TenantOwned

WATCHED = Q(state="adopted", share__lt=1)  # some are held out until its watch is over


class Proposal(TenantOwned):
    """One version of one change; editing it makes another version. `number` counts from 1 for each agent."""

    class State(models.TextChoices):
        DRAFT = "draft", "waits to be tested"
        TESTING = "testing", "is being replayed on stored work"
        ACCEPTED = "accepted", "proved better; waits for its turn"
        ROLLING = "rolling", "a share of new executions asks with it"
        ADOPTED = "adopted", "new executions ask with it"
        REJECTED = "rejected", "did not prove better"
        REVERTED = "reverted", "did harm, or was taken back"
        REFUSED = "refused", "a person said no, or wrote another version"

    class Kind(models.TextChoices):
        PROMPT = "prompt", "a sentence in a prompt"
        EXAMPLE = "example", "an example"
        PLAN_RULE = "plan_rule", "a rule for plans"
        TOOL = "tool", "a tool used before asking"
        MODEL = "model", "the model asked first"

    agent = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    base_version = models.CharField(max_length=12, help_text="prompt version it changes")
    new_version = models.CharField(max_length=12, help_text="prompt version it makes")
    change = models.JSONField()
    fingerprint = models.CharField(max_length=12, help_text="the same for the same change")
    diff = models.TextField()
    cause = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    reason = models.TextField(blank=True, help_text="why it is in this state")
    lesson = models.ForeignKey(
        Lesson, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False, null=True
    )
    # An example's words go when what they were taken from is forgotten.
    memory = models.ForeignKey(
        Memory, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False, null=True
    )
    fence = models.BigIntegerField(default=0, help_text="rises with each worker that begins a look")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="workers that began the present look")
    spent_micros = models.BigIntegerField(
        default=0, help_text="what its test has cost, with what came to no pair, in micro-dollars"
    )
    looks = models.PositiveSmallIntegerField(default=0, help_text="times its replays were looked at")
    replays = models.JSONField(default=dict, help_text="pairs, means, wins, cost of the last look")
    bound = models.FloatField(null=True, help_text="lower bound of the difference new - old, -1 to 1")
    share = models.FloatField(
        default=0, help_text="share of new executions that ask with it; adopted, below 1 while it is watched"
    )
    comparison = models.JSONField(default=dict, help_text="both arms of the rollout and their bounds")
    watch = models.JSONField(
        default=list, help_text="both arms since it was adopted, over each stretch of its watch"
    )
    decided_by = models.CharField(
        max_length=60, blank=True, help_text="user:<id>, key:<id>, staff:<id> or system"
    )
    due = models.DateTimeField(null=True, help_text="when it is looked at next by itself")
    created = models.DateTimeField(auto_now_add=True)
    rolled = models.DateTimeField(null=True, help_text="since when a share asks with it")
    ended = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "agent", "number"], name="proposal_number_once"),
            models.UniqueConstraint(
                fields=["tenant", "agent"], condition=Q(state="rolling"), name="one_rollout_per_agent"
            ),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="proposal_share_0_to_1"),
            models.CheckConstraint(
                condition=~Q(state="rolling") | Q(rolled__isnull=False), name="rolling_since_when"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "agent", "state"], name="proposals_by_agent"),
            models.Index(fields=["due"], condition=Q(due__isnull=False), name="proposals_due"),
            models.Index(
                fields=["tenant", "memory"], condition=Q(memory__isnull=False), name="proposals_by_memory"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} #{self.number}"

    @property
    def is_watched(self) -> bool:
        """Whether it is adopted and some executions still ask as before."""
        return self.state == self.State.ADOPTED and self.share < 1

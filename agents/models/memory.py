"""What is remembered: results of steps and notes, found again by meaning and by words."""

from django.db import models
from django.db.models import Q

from agents.models.step import Step
from deployments.models import Project
from tenants.owned import TenantOwned


class Memory(TenantOwned):
    """`text` is what is remembered; `request` is what it answered, empty for a note.

    `scope` says how far it is found: everywhere in the tenant, in its project, or in its conversation alone.
    Beside these columns the table has `words`, a tsvector that the database makes of request and text.
    """

    KEPT_FROM_LOGS = ("request", "text")  # what is forgotten is nowhere any more

    class Kind(models.TextChoices):
        RESULT = "result", "what a step made"
        NOTE = "note", "what somebody was told to remember"

    class Origin(models.TextChoices):
        """Who the words come from. Only what a person said may be followed; all else is material."""

        PERSON = "person", "a person said it"
        RESULT = "result", "a step made it, and its checks passed"
        AGENT = "agent", "an agent wrote it"
        TOOL = "tool", "a tool put it out: a page, a file, a program"

    class Scope(models.TextChoices):
        TENANT = "tenant", "everywhere"
        PROJECT = "project", "in its project"
        CONVERSATION = "conversation", "in its conversation"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.RESULT)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.RESULT)
    source = models.CharField(max_length=200, blank=True, help_text="which tool, page or file it came from")
    remembered_by = models.CharField(max_length=60, help_text="user:<id>, key:<id> or agent:<kind>")
    step = models.ForeignKey(
        Step, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="+", db_index=False
    )
    scope = models.CharField(max_length=12, choices=Scope, default=Scope.TENANT)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="+", db_index=False
    )
    conversation = models.CharField(max_length=80, blank=True)
    agent = models.CharField(max_length=20, blank=True)
    request = models.TextField(blank=True)
    text = models.TextField()
    importance = models.FloatField(default=0.5, help_text="0 to 1; 0.5 counts as it is")
    confidence = models.DecimalField(max_digits=4, decimal_places=2, null=True, help_text="of a result")
    expires = models.DateTimeField(null=True, help_text="from then on it is not recalled, and soon gone")
    created = models.DateTimeField(auto_now_add=True)
    edited = models.DateTimeField(null=True)
    edited_by = models.CharField(max_length=60, blank=True)
    recalled = models.DateTimeField(null=True, help_text="when an agent last recalled it")

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "memories"
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "step"], condition=Q(kind="result"), name="one_memory_per_step"
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=10),
                name="memory_confidence_0_to_10",
            ),
            models.CheckConstraint(
                condition=Q(importance__gte=0, importance__lte=1), name="memory_importance_0_to_1"
            ),
            models.CheckConstraint(
                condition=Q(scope="tenant")
                | Q(scope="project", project__isnull=False)
                | (Q(scope="conversation") & ~Q(conversation="")),
                name="memory_scope_has_its_place",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "agent", "created"], name="memories_by_agent"),
            models.Index(fields=["tenant", "-created"], name="memories_by_time"),
            # Who may see a memory is told by this index alone: the search by meaning reads no row it does not return.
            models.Index(
                fields=["tenant", "id"],
                include=["scope", "project", "conversation", "kind", "expires"],
                name="memories_by_place",
            ),
            models.Index(fields=["expires"], condition=Q(expires__isnull=False), name="memories_expire"),
        ]

    def __str__(self) -> str:
        return (self.request or self.text)[:60]

    @property
    def meant(self) -> str:
        """What its embedding is made of: the task that a result answers, or the words of a note."""
        return self.request or self.text

    @property
    def may_be_followed(self) -> bool:
        """Whether a person said it. All else is material to work with, whatever it asks for."""
        return bool(self.kind == self.Kind.NOTE and self.origin == self.Origin.PERSON)

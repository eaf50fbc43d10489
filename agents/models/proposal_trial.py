"""One stored step done twice: as the agent asks now, and as a proposal would have it ask."""

from django.db import models
from django.db.models import Q

from agents.models.proposal import Proposal
from agents.models.step import Step
from tenants.owned import TenantOwned


class ProposalTrial(TenantOwned):
    """One pair; scores are 0 to 1. `old_first`: in which order the arms ran, `shown_old_first` were shown to the judge."""

    class Verdict(models.TextChoices):
        NONE = "", "not judged"
        OLD = "old", "the old one is better"
        NEW = "new", "the new one is better"
        TIE = "tie", "neither is better"

    proposal = models.ForeignKey(
        Proposal, on_delete=models.CASCADE, db_constraint=False, related_name="trials", db_index=False
    )
    step = models.ForeignKey(
        Step, on_delete=models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    input_digest = models.CharField(max_length=64, help_text="of what both arms were given")
    look = models.PositiveSmallIntegerField()
    old_first = models.BooleanField()
    old_score = models.FloatField()
    new_score = models.FloatField()
    old_evidence = models.JSONField(default=list)
    new_evidence = models.JSONField(default=list)
    old_model = models.CharField(max_length=80, blank=True)
    new_model = models.CharField(max_length=80, blank=True)
    verdict = models.CharField(max_length=4, choices=Verdict, blank=True, default=Verdict.NONE)
    judge = models.CharField(max_length=80, blank=True, help_text="the model that judged")
    judge_reason = models.TextField(blank=True)
    shown_old_first = models.BooleanField(null=True)
    difference = models.FloatField(help_text="new - old, -1 to 1")
    cost_micros = models.BigIntegerField(default=0, help_text="of both arms and the judge")
    old_cost_micros = models.BigIntegerField(default=0, help_text="of the answer as now")
    new_cost_micros = models.BigIntegerField(default=0, help_text="of the answer as proposed")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "proposal", "input_digest"], name="one_trial_per_input"
            ),
            models.CheckConstraint(
                condition=Q(difference__gte=-1, difference__lte=1), name="trial_difference_within_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.difference:+.2f}"

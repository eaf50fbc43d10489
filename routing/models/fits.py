"""What was fitted to a tenant's own labelled outcomes: confidences, and what its prompts teach."""

from django.db import models

from tenants.owned import TenantOwned


class Calibration(TenantOwned):
    """The map from an agent's raw confidence to how often it was right; the newest row of an agent holds."""

    agent = models.CharField(max_length=20)
    intercept = models.FloatField(default=0)
    slope = models.FloatField(default=1)
    labels = models.PositiveIntegerField(help_text="how many judged answers it rests on")
    ece_before = models.FloatField()
    ece_after = models.FloatField()
    brier_before = models.FloatField()
    brier_after = models.FloatField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "agent", "-created"], name="calibrations_by_agent")]

    def __str__(self) -> str:
        return f"{self.agent}: {self.intercept:+.2f} {self.slope:.2f}"


class PromptFit(TenantOwned):
    """A fitted prompt model: coefficients without words. The newest row says whether one is asked, and which."""

    version = models.CharField(max_length=40)
    content = models.TextField(help_text="the model, compressed, as base64; empty where it is not used")
    rows = models.PositiveIntegerField(help_text="judged decisions it was fitted on")
    evidence = models.JSONField(default=dict, help_text="what it gained on decisions it had not seen")
    active = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "version"], name="one_prompt_fit_per_version"),
        ]
        indexes = [models.Index(fields=["tenant", "-created"], name="prompt_fits_by_time")]

    def __str__(self) -> str:
        return self.version

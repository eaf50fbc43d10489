"""The form of a tenant's policy: six weights for each mode, how much is explored, what is shared, what is judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from miosa.http.problem import Problem
from routing import policies
from routing.models import Policy
from routing.requirement import MODES
from routing.scoring.weights import NODES

DIGITS = 4  # a weight is shown and typed with so many
ROUNDING = 0.001  # by which the sum of a mode may miss 1, since what is shown is rounded
OTHERS = ("most_explored", "judge_share", "gives_counts", "takes_counts")

Weights = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form asks for; `weights` None are the product's."""

    weights: Weights | None
    others: Mapping[str, Any]


class PolicyForm(forms.Form):
    """Weights are shown rounded: what nobody touched keeps its exact value, what was typed is scaled to sum to 1."""

    most_explored = forms.FloatField(
        min_value=0,
        max_value=1,
        label="Most explored",
        help_text="Share of decisions that may try another model than the best known, 0 to 1.",
    )
    judge_share = forms.FloatField(
        min_value=0,
        max_value=1,
        label="Judged share",
        help_text="Share of answers that a stronger model judges, 0 to 1; its cost is charged.",
    )
    gives_counts = forms.BooleanField(
        required=False, label="Gives counts", help_text="Its counts (never its texts) help others begin."
    )
    takes_counts = forms.BooleanField(
        required=False, label="Takes counts", help_text="It begins with what others' counts say."
    )

    def __init__(self, data: Any = None, *, policy: Policy) -> None:
        self.policy = policy
        self.stored = policies.named(policies.weights(policy))
        initial = {name: getattr(policy, name) for name in OTHERS}
        for mode in MODES:
            for node in NODES:
                initial[field(mode, node.name)] = f"{self.stored[mode][node.name]:.{DIGITS}f}"
        super().__init__(data, initial=initial)
        for mode in MODES:
            for node in NODES:
                self.fields[field(mode, node.name)] = _weight(node.name)
        for name in OTHERS:
            self.fields[name].widget = _widget(self.fields[name])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if any(name not in cleaned for name in self.fields):
            return cleaned
        cleaned["weights"] = self._weights(cleaned)
        return cleaned

    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        others = {name: self.cleaned_data[name] for name in OTHERS}
        return Wanted(self.cleaned_data["weights"], others)

    def groups(self) -> list[dict[str, Any]]:
        """The fields of weights as the page shows them, mode by mode."""
        return [{"mode": mode, "fields": [self[field(mode, node.name)] for node in NODES]} for mode in MODES]

    def others(self) -> list[Any]:
        return [self[name] for name in OTHERS]

    def _weights(self, cleaned: Mapping[str, Any]) -> Weights | None:
        touched = [mode for mode in MODES if self._touched(mode, cleaned)]
        if not touched:
            return self.policy.weights
        found = {mode: self._typed(mode, cleaned) if mode in touched else self.stored[mode] for mode in MODES}
        if self.errors:
            return None
        try:
            policies.weight_set(found)
        except Problem as refusal:
            self.add_error(field(touched[0], NODES[0].name), str(refusal))
        return found

    def _touched(self, mode: str, cleaned: Mapping[str, Any]) -> bool:
        return any(
            round(cleaned[field(mode, name)], DIGITS) != round(weight, DIGITS)
            for name, weight in self.stored[mode].items()
        )

    def _typed(self, mode: str, cleaned: Mapping[str, Any]) -> dict[str, float]:
        """One mode's weights, scaled so that they sum to 1; an error at its first field where they are far from it."""
        typed = {node.name: float(cleaned[field(mode, node.name)]) for node in NODES}
        total = fsum(typed.values())
        if abs(total - 1) > ROUNDING:
            self.add_error(
                field(mode, NODES[0].name), f"The six weights of {mode} sum to {total:.4f}, not to 1."
            )
            return typed
        return {name: weight / total for name, weight in typed.items()}


def field(mode: str, node: str) -> str:
    """The name of a weight's field."""
    return f"{mode}-{node}"


def _weight(name: str) -> forms.FloatField:
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.FloatField(min_value=0, max_value=1, label=name, widget=widget)


def _widget(of: forms.Field) -> forms.Widget:
    if isinstance(of, forms.BooleanField):
        return UnfoldBooleanSwitchWidget()
    return UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"})

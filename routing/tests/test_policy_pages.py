"""The page of "what if": another policy is tried on what was decided, and only then put into force."""

import pytest
from django.db import transaction
from django.urls import reverse
from django_tenants.utils import tenant_context

from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers
from miosa.tests.admin_rows import operator, signed_in
from routing import policies, promotions
from routing.admin.policy_form import field
from routing.models import Decision, Policy, Promotion
from routing.requirement import MODES, Requirement
from routing.scoring.weights import NODES, SIX_NODES
from routing.tests import stored
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

URL = "http://127.0.0.1:9/v1"
CHEAP = {"TaskFit": "0.1", "Quality": "0", "Speed": "0", "Cost": "0.9", "History": "0", "Confidence": "0"}


@pytest.fixture
def acme():
    """A tenant with three decisions in balance mode and one in speed mode, among two providers."""
    made = open_tenant("acme")
    with providers(groq=URL, kimi=URL):
        with tenant_context(made):
            for mode in ("quality", "quality", "quality", "speed"):
                with transaction.atomic():
                    stored.outcome(Requirement("code", mode))
        yield made


def address(tenant):
    return f"{reverse('admin:routing_what_if')}?tenant={tenant.pk}&period=7d"


def shown(tenant, **changes):
    """The form as the page shows it, with some values typed anew."""
    with tenant_context(tenant):
        policy = policies.current()
        weights = policies.named(policies.weights(policy))
    values = {field(mode, node): f"{weights[mode][node]:.4f}" for mode in MODES for node in weights[mode]}
    values |= {"most_explored": str(policy.most_explored), "judge_share": str(policy.judge_share)}
    values |= {name: "on" for name in ("gives_counts", "takes_counts") if getattr(policy, name)}
    return values | changes


def typed(mode, weights):
    return {field(mode, node): value for node, value in weights.items()}


def policy_of(tenant):
    with tenant_context(tenant):
        return policies.current()


def changes_of(tenant):
    with tenant_context(tenant):
        return list(Promotion.objects.exclude(kind="evaluation").order_by("created"))


def test_it_shows_the_weights_in_force(acme):
    """Four modes of six fields, with the product's weights where the tenant has none of its own."""
    answer = operator().get(address(acme))
    form = answer.context["form"]
    assert [len(group["fields"]) for group in form.groups()] == [6, 6, 6, 6]
    for place, node in enumerate(NODES):
        assert float(form[field("speed", node.name)].value()) == pytest.approx(
            SIX_NODES.by_mode["speed"][place], abs=1e-4
        )
    assert "They are the product&#x27;s." in answer.content.decode() or "product's" in answer.content.decode()


def test_it_tells_what_would_change_and_stores_nothing(acme):
    """Three of four decisions were made in the mode whose weights change, and would fall on a cheaper model."""
    with tenant_context(acme):
        # Who led, not who was taken: a decision may have been drawn to try another model.
        before = {row.ranked[0]["model"] for row in Decision.objects.filter(mode="quality")}
    answer = operator().post(address(acme), shown(acme, **typed("quality", CHEAP), do="preview"))
    preview = answer.context["preview"]
    assert (preview["total"], preview["changed"], preview["share"]) == (4, 3, "75%")
    assert {one["before"] for one in preview["examples"]} <= before
    assert sum(row["before"] for row in preview["by_model"]) == 4
    assert sum(row["after"] for row in preview["by_model"]) == 4
    [whole, *_kinds] = answer.context["estimates"]
    assert "needed" in whole["refused"]  # four decisions cannot answer
    assert policy_of(acme).weights is None
    assert not changes_of(acme)


def test_it_puts_the_weights_into_force(acme):
    """Saved inside the tenant, as a row that can be taken back, by the member of staff; untouched modes stay exact."""
    answer = operator().post(
        address(acme), shown(acme, **typed("quality", CHEAP), do="save", judge_share="0.2")
    )
    assert answer.status_code == 302
    policy = policy_of(acme)
    assert policy.weights["quality"] == {name: float(value) for name, value in CHEAP.items()}
    assert policies.weight_set(policy.weights).by_mode["speed"] == SIX_NODES.by_mode["speed"]
    assert policy.judge_share == 0.2
    [row] = changes_of(acme)
    assert (row.kind, row.details["before"]) == ("weights", None)
    with tenant_context(acme):
        actors = dict(
            AuditEntry.objects.filter(object_type__startswith="routing").values_list("action", "actor")
        )
    assert set(actors) == {"routing_policy.changed", "weights.changed"}
    assert len(set(actors.values())) == 1
    assert actors["weights.changed"].startswith("staff:")


def test_it_scales_away_small_errors_of_rounding(acme):
    """Six numbers of four digits that sum to 0.9999 are taken, and stored so that they sum to 1."""
    thirds = dict.fromkeys(("TaskFit", "Quality", "Speed"), "0.3333") | dict.fromkeys(
        ("Cost", "History", "Confidence"), "0"
    )
    answer = operator().post(address(acme), shown(acme, **typed("cost", thirds), do="save"))
    assert answer.status_code == 302
    assert policy_of(acme).weights["cost"]["TaskFit"] == pytest.approx(1 / 3, abs=1e-12)


@pytest.mark.parametrize("wish", ["preview", "save"])
@pytest.mark.parametrize(
    ("wrong", "at", "told"),
    [
        (typed("cost", {"Cost": "0.9"}), "cost-TaskFit", "The six weights of cost sum to"),
        ({"speed-Speed": "fast"}, "speed-Speed", "Enter a number"),
        ({"speed-Speed": "-0.1"}, "speed-Speed", "greater than or equal to 0"),
        ({"balance-Cost": "nan"}, "balance-Cost", "Enter a number"),
        ({"most_explored": "2"}, "most_explored", "less than or equal to 1"),
    ],
)
def test_it_marks_the_field_that_is_wrong(acme, wish, wrong, at, told):
    """Nothing is stored, and the error stands at its field."""
    answer = operator().post(address(acme), shown(acme, **wrong, do=wish))
    assert answer.status_code == 200
    assert told in str(answer.context["form"].errors[at])
    assert told in answer.content.decode()
    assert policy_of(acme).weights is None
    assert not changes_of(acme)


def test_it_goes_back_to_the_products_weights(acme):
    """One button, one more row."""
    with tenant_context(acme):
        promotions.change_weights({"cost": {name: float(value) for name, value in CHEAP.items()}})
    client = operator()
    assert "Back to the product" in client.get(address(acme)).content.decode()
    client.post(address(acme), shown(acme, do="reset"))
    assert policy_of(acme).weights is None
    assert [row.kind for row in changes_of(acme)] == ["weights", "weights"]
    assert "Back to the product" not in client.get(address(acme)).content.decode()


def test_it_changes_no_neighbour(acme):
    """What is saved for one tenant is that tenant's alone."""
    globex = open_tenant("globex")
    operator().post(address(acme), shown(acme, **typed("quality", CHEAP), do="save"))
    assert policy_of(globex).weights is None
    assert not changes_of(globex)


def test_it_asks_whose_policy(acme):
    """Without a tenant there is no form, and a post does nothing."""
    client, anybody = operator(), reverse("admin:routing_what_if")
    assert "Whose policy?" in client.get(anybody).content.decode()
    client.post(anybody, shown(acme, **typed("quality", CHEAP), do="save"))
    assert policy_of(acme).weights is None


def test_it_lets_readers_try_but_not_save(acme):
    """Who may view policies sees what would change; saving needs the right to change them."""
    from django.contrib.auth.models import Permission

    from miosa.pg.platform import platform
    from tenants.models import User

    client = signed_in("bob@miosa.example", is_staff=True)
    with platform():
        User.objects.get(email="bob@miosa.example").user_permissions.add(
            Permission.objects.get(codename="view_policy")
        )
    body = shown(acme, **typed("quality", CHEAP))
    tried = client.post(address(acme), {**body, "do": "preview"})
    assert tried.context["preview"]["changed"] == 3
    assert "Use this policy" not in tried.content.decode()
    assert client.post(address(acme), {**body, "do": "save"}).status_code == 403
    assert client.post(address(acme), {**body, "do": "reset"}).status_code == 403
    assert policy_of(acme).weights is None


def test_a_row_of_the_list_is_the_same_page(acme):
    """The list leads to the form of the row's tenant; rows are neither added nor deleted by hand."""
    client = operator()
    with tenant_context(acme):
        row = Policy.objects.create()
    answer = client.get(reverse("admin:routing_policy_change", args=[row.pk]))
    assert answer.context["tenant"] == acme
    assert client.get(reverse("admin:routing_policy_add")).status_code == 403
    assert (
        client.post(reverse("admin:routing_policy_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    )

"""The page of usage: figures, sums by a property, the way to the entries, the file."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from billing.money import format_usd
from billing.tests.booking import use
from miosa.testing.silos import open_silo
from miosa.tests.admin_rows import operator, signed_in

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_a_month_is_sorted_and_leads_to_its_entries(tenant):
    """Sums agree with the figures; each link lists as many entries as the sum says; the file has them all."""
    use(5_000, "a")
    use(700, "b")
    client, page = operator(), reverse("admin:billing_usage")
    asked = {"tenant": str(tenant.pk)}
    for by in ("day", "meter", "model", "agent", "key", "execution"):
        answer = client.get(page, {**asked, "by": by})
        assert answer.context["by"] == by
        assert answer.context["figures"][0]["value"] == format_usd(5_700)
        assert sum(int(row["entries"]) for row in answer.context["rows"]) == 2
    for by in ("day", "meter"):
        (row,) = client.get(page, {**asked, "by": by}).context["rows"]
        assert client.get(row["entries_at"]).context["cl"].result_count == 2
        assert parse_qs(urlsplit(row["entries_at"]).query)["tenant__id__exact"] == [str(tenant.pk)]
    file = client.get(page, {**asked, "by": "meter", "format": "csv"})
    assert file["Content-Disposition"].endswith('.csv"')
    head, line = file.content.decode().splitlines()
    assert head == "value,label,cost_micros,tokens,entries"
    assert line.split(",")[2] == "5700"


def test_odd_questions_have_defaults_and_other_tenants_stay_out(tenant, other_tenant, silo):
    """Unknown values show the running month by day; a siloed neighbour shows its own use only; it takes a right."""
    open_silo(other_tenant)
    with tenant_context(other_tenant):
        use(300)
    use(5_000)
    client, page = operator(), reverse("admin:billing_usage")
    answer = client.get(page, {"tenant": "x", "month": "soon", "by": "colour"})
    assert (answer.status_code, answer.context["by"], len(answer.context["figures"])) == (200, "day", 4)
    theirs = client.get(page, {"tenant": str(other_tenant.pk)})
    assert theirs.context["figures"][0]["value"] == format_usd(300)
    past = client.get(
        page, {"tenant": str(tenant.pk), "month": answer.context["choices"][1]["options"][-1]["value"]}
    )
    assert "Nothing was used" in past.content.decode()
    clerk = signed_in("clerk@miosa.example", is_staff=True)
    assert clerk.get(page).status_code == 403

"""Lists come newest first, in pages that new rows do not shift, and OpenAPI says so."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from miosa.http.pagination import CreatedCursorPagination, read_limit
from miosa.http.problem import BadParameter
from tenants.models import IdempotentRequest

requests = APIRequestFactory()
START = datetime(2026, 1, 1, tzinfo=UTC)


class ThingRepresentation(serializers.Serializer):
    key = serializers.CharField()


class Things(generics.ListAPIView):
    authentication_classes = permission_classes = ()
    pagination_class = CreatedCursorPagination
    serializer_class = ThingRepresentation
    queryset = IdempotentRequest.objects.none()

    def get_queryset(self):
        return IdempotentRequest.objects.all()


def page(**query):
    """One page: the keys and the URL of the next."""
    response = Things.as_view()(requests.get("/api/v1/things", query))
    return [item["key"] for item in response.data["items"]], response.data["next"]


def add(key):
    return IdempotentRequest.objects.create(route="/things", key=key, fingerprint=b"f", status=200)


@pytest.fixture
def seven(tenant):
    """Seven rows, three of them of the very same moment; their keys in the order of the list."""
    rows = [add(f"t{n}") for n in range(7)]
    for n, row in enumerate(rows):
        IdempotentRequest.objects.filter(pk=row.pk).update(created=START + timedelta(microseconds=min(n, 4)))
    ordered = IdempotentRequest.objects.order_by("-created", "-id")
    return list(ordered.values_list("key", flat=True))


def walk(limit):
    slugs, url = page(limit=limit)
    while url:
        response = Things.as_view()(requests.get(url))
        slugs += [item["key"] for item in response.data["items"]]
        url = response.data["next"]
    return slugs


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 200])
def test_pages_together_are_the_whole_list(seven, limit):
    """Nothing is missed or repeated, also where rows share their moment."""
    assert walk(limit) == seven


def test_the_last_page_says_so(seven):
    """`next` is null when nothing follows, also when the page is exactly full."""
    assert page(limit=7)[1] is None
    assert page(limit=6)[1] is not None


def test_new_rows_do_not_shift_the_next_page(seven):
    """A row added while someone reads does not repeat what was read."""
    _, url = page(limit=3)
    add("new")
    response = Things.as_view()(requests.get(url))
    assert [item["key"] for item in response.data["items"]] == seven[3:6]


def test_the_next_page_keeps_the_filters(seven):
    """Other parameters of the query stay in `next`."""
    _, url = page(limit=3, state="done")
    assert "state=done" in url
    assert "limit=3" in url


@pytest.mark.parametrize(
    "cursor", ["x", "%%%", "MjAyNg", "MjAyNi0wMS0wMXxh", "ÿ", "AAAA", "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMHxh"]
)
def test_a_strange_cursor_is_a_bad_request(db, cursor):
    """It is told which parameter was wrong."""
    response = Things.as_view()(requests.get("/api/v1/things", {"cursor": cursor}))
    assert response.status_code == 400
    assert response.data["parameter"] == "cursor"


@pytest.mark.parametrize("text", ["0", "-1", "201", "ten", "", "1.5", "٣", "9" * 5000])
def test_a_strange_limit_is_refused(text):
    """1 to 200 and nothing else; huge texts cost nothing."""
    with pytest.raises(BadParameter) as refused:
        read_limit({"limit": text})
    assert refused.value.extensions == {"parameter": "limit"}


def test_without_a_limit_a_page_has_fifty_rows():
    """The default of every list."""
    assert read_limit(Request(requests.get("/")).query_params) == 50


def test_the_openapi_document_describes_pages():
    """Clients generated from the schema know items, next, limit and cursor."""
    schema = SchemaGenerator(patterns=[path("api/v1/things", Things.as_view())]).get_schema(public=True)
    operation = schema["paths"]["/api/v1/things"]["get"]
    parameters = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
    assert parameters["limit"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    assert "cursor" in parameters
    reference = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    listed = schema["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    assert sorted(listed["required"]) == ["items", "next"]
    assert listed["properties"]["items"]["type"] == "array"

"""What a request can say: from nothing to the victim's ids in every member that the OpenAPI document knows."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from miosa.doctor.attack import Subject
from miosa.doctor.route_map import Route, Unknown, value
from tenants.scopes import READ

Schema = Mapping[str, Any]
DEEPEST = 4


@cache
def document() -> Schema:
    """Return the OpenAPI document of the URL conf in force; kept, since it takes as long as a hundred requests."""
    made: Schema = SchemaGenerator().get_schema(request=None, public=True)
    return made


def bodies(route: Route, method: str, schema: Schema, victim: Subject) -> Iterator[tuple[str, Any]]:
    """Yield (name, body): nothing, what the document asks for, and that with the victim's values in it."""
    if method in {"GET", "DELETE"}:
        yield "", None
        return
    yield "no body", None
    yield "a list of ids", [str(victim.tenant.pk), *sorted(victim.ids)[:5]]
    for asked in _alternatives(_request_of(route, method, schema), schema):
        plain = _sample(asked, schema)
        plain = plain if isinstance(plain, dict) else {}
        yield "a plain body", plain
        yield "a plain body with the victim's tenant", plain | _foreign(victim)
        for name, inner in _properties(asked, schema).items():
            yield f"the victim's id in {name}", plain | {name: _in_its_place(name, inner, schema, victim)}


def queries(route: Route, schema: Schema, victim: Subject) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (name, query): every parameter that the document knows, with the victim's value."""
    operation = schema.get("paths", {}).get(route.template, {}).get("get", {})
    yield "", {}
    for one in operation.get("parameters", []):
        if one["in"] == "query" and one["name"] not in {"limit", "cursor", "format"}:
            for what in (_of(victim, one["name"]), victim.canary, str(victim.tenant.pk)):
                yield f"{one['name']}={'canary' if what == victim.canary else 'id'}", {one["name"]: what}
    unknown = ("tenant", "tenant_id", "tenant__slug", "schema", "id")
    yield "members that nobody offers", {name: _of(victim, name) for name in unknown}


def demanded(route: Route, method: str, schema: Schema) -> list[str]:
    """Return the names that the query of an address has to have, by the document."""
    operation = schema.get("paths", {}).get(route.template, {}).get(method.lower(), {})
    parameters = operation.get("parameters", [])
    return [one["name"] for one in parameters if one["in"] == "query" and one.get("required")]


def _foreign(victim: Subject) -> dict[str, Any]:
    tenant = victim.tenant
    return {
        "tenant": str(tenant.pk),
        "tenant_id": str(tenant.pk),
        "id": next(iter(sorted(victim.ids))),
        "schema_name": tenant.schema_name,
    }


def _request_of(route: Route, method: str, schema: Schema) -> Schema:
    operation = schema.get("paths", {}).get(route.template, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    found: Schema = content.get("application/json", {}).get("schema", {})
    return found


def _alternatives(asked: Schema, whole: Schema) -> list[Schema]:
    """Return each form that a request may have."""
    named = whole["components"]["schemas"][asked["$ref"].rpartition("/")[2]] if "$ref" in asked else asked
    forms: list[Schema] = named.get("oneOf") or [asked]
    return forms


def _resolved(schema: Schema, whole: Schema) -> Schema:
    if "$ref" in schema:
        found: Schema = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return _resolved(schema[several][0], whole)
    return schema


def _properties(schema: Schema, whole: Schema) -> Schema:
    found: Schema = _resolved(schema, whole).get("properties", {})
    return found


def _sample(schema: Schema, whole: Schema, name: str = "", depth: int = 0) -> Any:
    """Return a value that the schema takes."""
    schema = _resolved(schema, whole)
    if "enum" in schema:
        return min(READ) if min(READ) in schema["enum"] else schema["enum"][0]
    kind = schema.get("type", "string")
    if kind == "object" and depth < DEEPEST:
        members = schema.get("properties", {})
        return {
            key: _sample(inner, whole, key, depth + 1)
            for key, inner in members.items()
            if not inner.get("readOnly")
        }
    if kind == "array":
        return [_sample(schema.get("items", {}), whole, name, depth + 1)]
    if kind in {"integer", "number"}:
        return max(1, int(schema.get("minimum", 1)))
    return _words(schema, name) if kind == "string" else kind == "boolean"


def _words(schema: Schema, name: str) -> str:
    forms = {
        "uuid": "01890000-0000-7000-8000-000000000000",
        "email": "nobody@doctor.example",
        "uri": "https://doctor.example/",
        "date-time": (timezone.now() + timedelta(hours=1)).isoformat(),
        "date": timezone.now().date().isoformat(),
    }
    text = forms.get(schema.get("format", ""), f"doctor {name}".replace(" ", "-"))
    return text[: schema.get("maxLength", 200)]


def _in_its_place(name: str, schema: Schema, whole: Schema, victim: Subject) -> Any:
    found = _resolved(schema, whole)
    if found.get("type") == "array":
        return [_of(victim, name)]
    if found.get("type") == "object":
        return {name: _of(victim, name)}
    if found.get("format") == "email" or name == "email":
        return victim.person.email
    return _of(victim, name)


def _of(victim: Subject, name: str) -> str:
    """Return the victim's value for a member of this name; its tenant's id where nothing has such a name."""
    known = {
        "tenant": victim.tenant.slug,
        "tenant__slug": victim.tenant.slug,
        "tenant_id": str(victim.tenant.pk),
    }
    try:
        return known.get(name) or str(value(name, victim))
    except Unknown:
        return str(victim.tenant.pk)

"""Render's own OpenAPI document as the judge of every request and every answer of the double.

The document is read from outside the repository, and made stricter in memory only: an unknown member or query
parameter is a fault, and the details of a service have to fit its type (as published, they fit four of five).
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

HOST = "https://api.render.com"
METHODS = ("get", "post", "put", "patch", "delete")
DETAILS = {
    "static_site": "staticSiteDetails",
    "web_service": "webServiceDetails",
    "private_service": "privateServiceDetails",
    "background_worker": "backgroundWorkerDetails",
    "cron_job": "cronJobDetails",
}


class Judge:
    """Says what is wrong with a request or an answer, in Render's own terms; "" where nothing is."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._parameters = _query_parameters(document)
        self._spec = OpenAPI.from_dict(strict(document))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, list[str]],
        headers: Mapping[str, str],
        body: bytes,
    ) -> str:
        """Judge a request."""
        known = next(
            (names for shape, names in self._parameters.get(method, ()) if shape.fullmatch(path)), None
        )
        if known is None:
            return f"{method} {path} is not in the document"
        strangers = sorted(set(query) - known)
        if strangers:
            return f"{method} {path} takes no {', '.join(strangers)}"
        try:
            self._spec.validate_request(_asked(method, path, query=query, headers=headers, body=body))
        except OpenAPIError as error:
            return f"{method} {path}: {_reason(error)}"
        return ""

    def answer(self, method: str, path: str, *, status: int, body: bytes) -> str:
        """Judge an answer of the double itself."""
        asked = _asked(method, path, query={}, headers={}, body=b"{}" if method != "GET" else b"")
        answer = MockResponse(body, status_code=status, content_type="application/json")
        try:
            self._spec.validate_response(asked, answer)
        except OpenAPIError as error:
            return f"our answer {status} to {method} {path}: {_reason(error)}"
        return ""


@cache
def judge_of(document: str) -> Judge:
    """Return the judge for the document at a path; it takes seconds, so it is made once in a process."""
    return Judge(json.loads(Path(document).read_text()))


def strict(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with overlapping choices opened, objects closed and details bound to their type."""
    text = json.dumps(document).replace("/oneOf/", "/anyOf/")
    spec: dict[str, Any] = json.loads(text)
    for schema in list(_nodes(spec)):
        if "oneOf" in schema and "discriminator" not in schema:
            schema["anyOf"] = schema.pop("oneOf")
    for schema in list(_nodes(spec)):
        _close(schema)
    schemas = spec["components"]["schemas"]
    for name, suffix in (("servicePOST", "POST"), ("service", "")):
        _bind_details(schemas, name, suffix)
    return spec


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for inner in list(node.values()):
            yield from _nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _nodes(inner)


def _close(schema: dict[str, Any]) -> None:
    """Refuse unknown members, except where schemas are put together."""
    inner = schema.get("properties")
    if schema.get("type") == "object" and isinstance(inner, dict) and not schema.keys() & {"allOf", "anyOf"}:
        schema.setdefault("additionalProperties", False)
    for part in schema.get("allOf", ()) if isinstance(schema.get("allOf"), list) else ():
        if isinstance(part, dict) and part.get("additionalProperties") is False:
            part.pop("additionalProperties")


def _bind_details(schemas: dict[str, Any], name: str, suffix: str) -> None:
    whole = schemas[name]
    schemas[name] = {
        "anyOf": [_variant(whole, kind, f"{details}{suffix}") for kind, details in DETAILS.items()]
    }


def _variant(whole: Mapping[str, Any], kind: str, details: str) -> dict[str, Any]:
    one = copy.deepcopy(dict(whole))
    one["properties"]["type"] = {"type": "string", "enum": [kind]}
    one["properties"]["serviceDetails"] = {"$ref": f"#/components/schemas/{details}"}
    return one


def _query_parameters(document: Mapping[str, Any]) -> dict[str, list[tuple[re.Pattern[str], frozenset[str]]]]:
    shared = document["components"]["parameters"]
    found: dict[str, list[tuple[re.Pattern[str], frozenset[str]]]] = {}
    for path, operations in document["paths"].items():
        shape = re.compile("/v1" + re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)))
        for method in METHODS:
            if method in operations:
                listed = [*operations.get("parameters", ()), *operations[method].get("parameters", ())]
                names = frozenset(_named(document, shared, parameter) for parameter in listed)
                found.setdefault(method.upper(), []).append((shape, names))
    return found


def _named(document: Mapping[str, Any], shared: Mapping[str, Any], parameter: Mapping[str, Any]) -> str:
    if "name" in parameter:
        return str(parameter["name"])
    reference = str(parameter["$ref"])
    if reference.startswith("#/components/parameters/"):
        return str(shared[reference.rsplit("/", 1)[1]]["name"])
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return str(node.get("name") or _named(document, shared, node))


def _asked(
    method: str, path: str, *, query: Mapping[str, list[str]], headers: Mapping[str, str], body: bytes
) -> MockRequest:
    flat = {name: values[0] if len(values) == 1 else values for name, values in query.items()}
    return MockRequest(
        HOST,
        method.lower(),
        path,
        args=flat,
        headers={"authorization": "Bearer key"} | dict(headers),
        data=body or None,
        content_type="application/json",
    )


def _reason(error: BaseException) -> str:
    """Return the innermost words of an error: what is wrong where."""
    said = [str(error)]
    inner = error.__cause__
    while inner is not None:
        said.append(str(inner))
        said += [_complaint(one) for one in getattr(inner, "schema_errors", ())]
        inner = inner.__cause__
    return " | ".join(said)[:1500]


def _complaint(error: Any) -> str:
    where = "/".join(str(part) for part in getattr(error, "path", ()))
    return f"{where}: {getattr(error, 'message', error)}"[:300]

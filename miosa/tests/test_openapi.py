"""The committed OpenAPI document is the one the code makes."""

import pytest
import yaml
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from miosa.environment import ROOT

COMMITTED = ROOT / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def schema():
    """The document as the code makes it now."""
    return SchemaGenerator().get_schema(request=None, public=True)


def test_it_is_committed(schema):
    """`python manage.py spectacular --file docs/openapi.yaml` after a change of the API."""
    assert yaml.safe_load(COMMITTED.read_text())["paths"].keys() == schema["paths"].keys()
    assert yaml.safe_load(COMMITTED.read_text()) == yaml.safe_load(yaml.safe_dump(plain(schema)))


def plain(value):
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def test_it_is_valid(schema):
    """It keeps to OpenAPI 3, and every operation says how it refuses."""
    validate_schema(schema)
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "default" in operation["responses"]


def test_the_docs_need_no_other_host(db):
    """The interactive docs load scripts and styles from here alone."""
    page = Client().get("/api/v1/docs").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "https://" not in page.replace("https://www.w3.org", "")

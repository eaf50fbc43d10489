"""Migrations go back to zero and forth again, to the same schema."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from miosa.environment import ROOT, environment

NAME = "migrated_to_and_fro"
OURS = ("agents", "deployments", "routing", "billing", "tenants")
SHAPE = """
SELECT format('%s.%s %s %s %s %s', table_schema, table_name, column_name, data_type, is_nullable, column_default)
  FROM information_schema.columns WHERE table_schema IN ('public', 'stats') AND table_name <> 'django_migrations'
UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
  WHERE connamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'stats'))
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'stats')
UNION ALL SELECT format('%s %s %s %s %s', tablename, policyname, roles, qual, with_check) FROM pg_policies
UNION ALL SELECT format('%s %s %s', relname, relrowsecurity, relforcerowsecurity) FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT format('%s %s', schemaname || '.' || matviewname, definition) FROM pg_matviews
UNION ALL SELECT format('%s %s', schemaname || '.' || viewname, definition) FROM pg_views
  WHERE schemaname IN ('public', 'stats')
UNION ALL SELECT format('%s %s', oid::regprocedure, prosrc) FROM pg_proc
  WHERE pronamespace = 'public'::regnamespace AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
ORDER BY 1"""


@pytest.fixture
def owner_url():
    """An empty database of its own, as the owner sees it."""
    url = environment().database_owner_url
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(NAME)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    yield urlsplit(url)._replace(path=f"/{NAME}").geturl()
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))


def migrate(owner_url, *targets):
    moved = {
        name: urlsplit(os.environ[name])._replace(path=f"/{NAME}").geturl()
        for name in ("DATABASE_URL", "DATABASE_PLATFORM_URL")
    }
    environ = os.environ | moved | {"DATABASE_OWNER_URL": owner_url}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--skip-checks", *targets],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def shape(url):
    with psycopg.connect(url) as database:
        return [row[0] for row in database.execute(SHAPE)]


def test_to_zero_and_back_is_the_same_schema(owner_url):
    """Tables, constraints, indexes, policies, triggers, views and functions are equal after the round trip."""
    migrate(owner_url)
    before = shape(owner_url)
    assert any("tenant_isolation" in line for line in before)
    assert any("stats." in line for line in before)
    for app in OURS:
        if app != "tenants":
            migrate(owner_url, app, "zero")
    left = [
        line for line in shape(owner_url) if line.startswith(tuple(f"public.{app}_" for app in OURS[:-1]))
    ]
    assert left == []
    migrate(owner_url)
    assert shape(owner_url) == before

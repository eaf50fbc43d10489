"""What a tenant leaves outside of tables: its schema, its keys in Valkey and its files. Each may be removed twice."""

import shutil
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from redis import Redis, RedisError

from miosa.pg.owner import as_owner
from tenants.cache_keys import prefix
from tenants.erasure.refusal import ErasureRefused
from tenants.folders import folder_of

KEYS_AT_ONCE = 1000
VALKEY_TIMEOUT_S = 10
# Views of others that read tables of the schema: dropping it would take them along.
READERS = """
SELECT DISTINCT v.oid::regclass::text FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
JOIN pg_class v ON v.oid = r.ev_class JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
WHERE t.relnamespace = to_regnamespace(%s) AND v.relnamespace <> t.relnamespace"""


def drop_schema(tenant_id: UUID) -> None:
    """Drop the schema of a tenant whose rows are deleted. Raise ErasureRefused while somebody's view reads it."""
    schema = f"t_{tenant_id.hex}"
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(READERS, [schema])
        if readers := [name for (name,) in cursor.fetchall()]:
            raise ErasureRefused(
                f"All rows are deleted, but {readers[0]} still reads the schema {schema}: run this again."
            )
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def delete_keys(tenant_id: UUID) -> int:
    """Delete every key of the tenant in Valkey; return how many. Raise ErasureRefused where Valkey is away."""
    deleted = 0
    try:
        with Redis.from_url(settings.ENVIRONMENT.redis_url, socket_timeout=VALKEY_TIMEOUT_S) as valkey:
            found = valkey.scan_iter(match=f"{prefix(tenant_id)}*", count=KEYS_AT_ONCE)
            while batch := list(islice(found, KEYS_AT_ONCE)):
                deleted += valkey.unlink(*batch)
    except RedisError as error:
        raise ErasureRefused(
            "All rows are deleted, but Valkey is away, and keys of the tenant may be left there: run this again."
        ) from error
    return deleted


def delete_files(tenant_id: UUID) -> int:
    """Delete the tenant's folder; return how many files were in it. Raise ErasureRefused where that is not possible."""
    folder = folder_of(tenant_id)
    try:
        if folder.is_symlink():  # what it points at is not ours to delete
            folder.unlink()
            return 0
        if not folder.exists():
            return 0
        count = sum(1 for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
        shutil.rmtree(folder)
    except OSError as error:
        raise ErasureRefused(
            f"All rows are deleted, but {error.filename} is not ({error.strerror}): correct that and run this again."
        ) from error
    return count

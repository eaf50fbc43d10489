"""What somebody with the owner's login does to the books: the triggers and the wall off, a statement, all on again."""

import psycopg
from django.conf import settings
from django.db import connection

TABLES = ("billing_ledgerentry", "billing_posting", "billing_grant", "billing_budget", "routing_modelcall")


def tamper(statement, schema="public"):
    """Run one statement on the tables of a schema past everything that would refuse it."""
    url = settings.ENVIRONMENT.database_owner_url
    with psycopg.connect(url, dbname=connection.settings_dict["NAME"]) as login:
        login.execute(f'SET search_path = "{schema}", public')
        for table in TABLES:
            login.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            login.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        login.execute(statement)
        login.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            login.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            login.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")

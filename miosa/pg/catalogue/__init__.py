"""What PostgreSQL's own catalogue says about the walls between tenants: every check, in the order it is read."""

from miosa.pg.catalogue.check import Check, Line, lines
from miosa.pg.catalogue.logins import CHECKS as OF_LOGINS
from miosa.pg.catalogue.openings import CHECKS as OF_OPENINGS
from miosa.pg.catalogue.reader import CHECKS as OF_READER
from miosa.pg.catalogue.tables import CHECKS as OF_TABLES
from miosa.pg.catalogue.tables import TENANT_TABLES

CHECKS: tuple[Check, ...] = (*OF_TABLES, *OF_LOGINS, *OF_OPENINGS, *OF_READER)

__all__ = ["CHECKS", "TENANT_TABLES", "Check", "Line", "lines"]

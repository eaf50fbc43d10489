"""Lines of the log: nothing in them has the form of a credential, whoever wrote them and whatever they quote."""

import logging

from miosa.http.secrecy import without_credentials


class SecretlessFormatter(logging.Formatter):
    """Hides credentials in the finished line, traceback included: also in paths that Django quotes, as of invitations."""

    def format(self, record: logging.LogRecord) -> str:
        return without_credentials(super().format(record))

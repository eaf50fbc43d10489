"""The sub-commands of `manage.py gateway`, in the order of its help."""

from routing.management.gateway_commands import clerk

COMMANDS = (clerk,)

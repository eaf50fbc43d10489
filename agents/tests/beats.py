"""What beat and a worker do for schedules, over and over, in a process of its own.

It also fires what nobody rang for, as a message does that is delivered twice.
"""

import sys
from typing import Never

from agents import schedules
from agents.schedule_tasks import fire_schedule

PROGRAM = "import django; django.setup(); from agents.tests.beats import beat; beat()"


def beat() -> Never:
    """Fire what is due, and then everything once more; the arguments are pairs `tenant:schedule`."""
    while True:
        for found in schedules.due():
            fire_schedule(*map(str, found))
        for pair in sys.argv[1:]:
            fire_schedule(*pair.split(":"))

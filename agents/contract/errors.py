"""What an agent may meet at its workbench.

ModelUnavailable     no model answers
CodeRunUnavailable   code cannot be run here
NotYet               it goes on later
"""


class ModelUnavailable(Exception):  # noqa: N818 - it reads as what happened
    """No model answered. An agent with another way goes on without; otherwise the step may be tried again."""

    def __init__(self, reason: str, *, retryable: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable


class CodeRunUnavailable(Exception):  # noqa: N818 - it reads as what happened
    """Code cannot be run here. The agent says "not run" and goes on; a retry changes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotYet(Exception):  # noqa: N818 - it reads as what happened
    """Nothing is wrong and nothing can be done now: the same step is to be run again after `after_s` seconds.

    What the step has done so far it must find again by itself. `why` is shown: "waits for approval ...".
    """

    def __init__(self, after_s: float, why: str) -> None:
        super().__init__(why)
        self.after_s = after_s
        self.why = why

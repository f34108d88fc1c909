"""Failures that only the person who runs the machine can mend: what is wrong, and what to do about it."""


class OperatorError(Exception):
    """A start or a command cannot go on. `problem` says why, `remedy` what the operator can do."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}\n{remedy}")

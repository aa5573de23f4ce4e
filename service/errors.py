"""What a caller got wrong: a stable code, the field and the numbers; what HTTP makes of it stands in api/errors.py."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as defaulting
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request: `field` is the path to it, `data` the numbers a person needs to mend it."""

    code: str
    field: str | None = None
    data: Mapping[str, Any] = defaulting(default_factory=dict)


class ServiceError(Exception):
    """A request that is not carried out; holds every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(", ".join(problem.code for problem in self.problems))

    @property
    def code(self) -> str:
        """The code of the first problem, which stands for the whole."""
        return self.problems[0].code


def fault(code: str, at: str | None = None, **data: object) -> ServiceError:
    """A ServiceError with one problem."""
    return ServiceError([Problem(code, at, data)])


class NotDone(Exception):  # noqa: N818 - it reads as what happened
    """An operator's command that is not carried out; the sentence says why."""

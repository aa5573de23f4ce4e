"""A batch of records on their way in: who contradicts whom, what is wrong with each, and what became of it."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from service.deps import Deps
from service.domain.actors import Permission, Reach
from service.domain.calendar import business_day
from service.domain.records import Origin, Record, Result, Taken, plainly_named
from service.errors import Problem
from service.store.work import Work
from service.usecases.access import require

R = TypeVar("R", bound=Record)


class Batch(Generic[R]):
    """Records of one type by their place; what is refused drops out of `open`."""

    def __init__(self, work: Work, records: Sequence[R], origin: Origin, deps: Deps) -> None:
        self.work = work
        self.origin = origin
        self.deps = deps
        self.today = business_day(work.clock.now())
        self._records = records
        self._problems: dict[int, list[Problem]] = {}
        self._results: dict[int, tuple[Result, UUID]] = {}
        #: Of a record that repeats an earlier one the place of that one.
        self._repeats: dict[int, int] = {}

    def open(self) -> Iterator[tuple[int, R]]:
        """The records nothing is wrong with so far, repetitions left out, each with its place."""
        for at, record in enumerate(self._records):
            if at not in self._problems and at not in self._repeats:
                yield at, record

    def refuse(self, at: int, code: str, field: str, **data: object) -> None:
        """Say what is wrong with a record."""
        self._problems.setdefault(at, []).append(Problem(code, field, data))

    def keep(self, at: int, result: Result, row_id: UUID) -> None:
        """Say what became of a record."""
        self._results[at] = (result, row_id)

    def reach(self, permission: Permission) -> Reach:
        """How far the origin reaches; `forbidden` (ServiceError) when its actor lacks the permission altogether."""
        return Reach(city=True) if self.origin.actor is None else require(self.origin.actor, permission)

    def may(self, permission: Permission) -> bool:
        """True where the origin may do this somewhere."""
        return self.origin.actor is None or self.origin.actor.may(permission)

    def once(self, key: Callable[[R], Hashable]) -> None:
        """Of records with one key the first stands: the same again is unchanged, another is refused."""
        firsts: dict[Hashable, tuple[int, R]] = {}
        for at, record in list(self.open()):
            first_at, first = firsts.setdefault(key(record), (at, record))
            field = _difference(plainly_named(first), plainly_named(record))
            if field is not None:
                self.refuse(at, "repeated_otherwise", field, first=first_at)
            elif first_at != at:
                self._repeats[at] = first_at

    def agree(self, key: Callable[[int, R], Hashable], told: Callable[[R], Mapping[str, Hashable]]) -> None:
        """Refuse records that tell another value of a field than an earlier one with their key; None tells nothing."""
        firsts: dict[tuple[Hashable, str], tuple[int, Hashable]] = {}
        for at, record in list(self.open()):
            values = {name: value for name, value in told(record).items() if value is not None}
            of = key(at, record)
            wrong = [
                (name, firsts[of, name][0])
                for name, value in values.items()
                if (of, name) in firsts and firsts[of, name][1] != value
            ]
            for name, first_at in wrong:
                self.refuse(at, "repeated_otherwise", name, first=first_at)
            if not wrong:
                for name, value in values.items():
                    firsts.setdefault((of, name), (at, value))

    def taken(self) -> list[Taken]:
        """What became of every record, in order; whoever repeats another shares its fate."""
        return [self._taken(at) for at in range(len(self._records))]

    def _taken(self, at: int) -> Taken:
        first = self._repeats.get(at, at)
        if at in self._problems or first in self._problems:
            return Taken(Result.REFUSED, problems=tuple(self._problems.get(at) or self._problems[first]))
        result, row_id = self._results[first]
        return Taken(result if first == at else Result.UNCHANGED, row_id)


def _difference(one: Any, other: Any, prefix: str = "") -> str | None:  # noqa: ANN401 - dataclasses of records
    """The path to the first field in which two records differ, None where they are the same."""
    for field in fields(one):
        mine, yours = getattr(one, field.name), getattr(other, field.name)
        if mine == yours:
            continue
        if is_dataclass(mine) and is_dataclass(yours):
            return _difference(mine, yours, f"{prefix}{field.name}.")
        return prefix + field.name
    return None

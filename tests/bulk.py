"""Records for tests of bulk, and what became of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from stdnum.cn import ric, uscc

from service.deps import Deps
from service.domain.records import Origin, Record, Result, Taken, UnitRecord
from service.domain.sources import Source
from service.usecases.bulk import take
from tests.factories import NUMBERS

SHEET = Origin(Source.SPREADSHEET)


def person_number() -> str:
    """The number of a resident nobody has, with its check character."""
    at = next(NUMBERS)
    stem = f"3199991985{at // 28000 % 12 + 1:02d}{at // 1000 % 28 + 1:02d}{at % 1000:03d}"
    return stem + ric.calc_check_digit(f"{stem}0")


def unit_record() -> UnitRecord:
    """A unit nobody knows yet."""
    stem = f"91310115MB{next(NUMBERS):07d}"
    return UnitRecord(stem + uscc.calc_check_digit(stem), "建设单位")


def taken(deps: Deps, records: Sequence[Record], origin: Origin = SHEET) -> list[Taken]:
    """One batch in a transaction of its own."""
    with deps.database.begin(origin.actor.account_id if origin.actor else None) as work:
        return take(work, records, origin, deps)


def results(answers: Sequence[Taken]) -> list[Result]:
    return [each.result for each in answers]


def refusals(answers: Sequence[Taken]) -> list[tuple[str, str | None]]:
    """Code and field of every problem."""
    return [(problem.code, problem.field) for each in answers for problem in each.problems]


@contextmanager
def statements(deps: Deps) -> Iterator[list[str]]:
    """Every statement sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    assert isinstance(deps.database.bind, Engine | Connection)
    event.listen(deps.database.bind, "before_cursor_execute", note)
    yield sent
    event.remove(deps.database.bind, "before_cursor_execute", note)

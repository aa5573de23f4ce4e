"""Loading a spreadsheet: rows become records, taken a batch at a time; those refused go back to be corrected."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from uuid import UUID

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy.exc import OperationalError

from service.deps import Deps
from service.domain.exchange import Things
from service.domain.records import Origin, Record, Result
from service.errors import Problem
from service.spreadsheets.cells import Cell, Line
from service.spreadsheets.columns import Words
from service.spreadsheets.reading import Sheet, open_sheet
from service.spreadsheets.rows import Misplaced, misplaced, record_of
from service.spreadsheets.writing import errors_file
from service.store.work import Work
from service.texts import text
from service.usecases import bulk
from service.usecases.loads_words import words_known

#: What `bulk.take` takes at once; whole batches are what a kill leaves behind.
BATCH = 1000
#: Two loads of the same people may wait for each other; whoever is chosen to give way tries the batch again.
TRIES = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load has come: rows taken in or refused of all there are, results by count, what was wrong where."""

    rows: int = 0
    rows_done: int = 0
    counts: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, Result), 0))
    problems: tuple[Misplaced, ...] = ()

    def plus(self, results: Sequence[Result], problems: Sequence[Misplaced]) -> "Progress":
        """The same with a batch more."""
        counts = {name: count + sum(result == name for result in results) for name, count in self.counts.items()}
        done = self.rows_done + len(results)
        return replace(self, rows_done=done, counts=counts, problems=(*self.problems, *problems))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to; `errors` is a workbook of the refused rows, None where there are none.

    `finished` is False where it was told to pause: the next goes on with `progress`.
    """

    progress: Progress
    notices: Sequence[Problem]
    errors: bytes | None
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Watch:
    """Who follows a load.

    `keep` writes how far it is in the transaction of each batch, so that a kill leaves both or neither; `told` hears it
    afterwards; `pause` says whether to stop there and go on another time.
    """

    keep: Callable[[Work, Progress], None] = lambda _work, _progress: None
    told: Callable[[Progress], None] = lambda _progress: None
    pause: Callable[[], bool] = lambda: False


class _NothingKept(Exception):  # noqa: N818 - it only leaves a transaction
    """The end of a dry run."""


def load_rows(
    source: bytes,
    things: Things,
    origin: Origin,
    *,
    deps: Deps,
    dry_run: bool = False,
    sheet: str | None = None,
    begun: Progress | None = None,
    watch: Watch | None = None,
) -> Loaded:
    """Take the rows of a file that were not taken yet; each row is taken whole or not at all, and told if not.

    A dry run takes all rows in one transaction that comes to nothing, and so sees what they contradict.

    Raises:
        ServiceError: the file as a whole cannot be read (`open_sheet`), or its sender may not load such things.
    """
    found, watching = open_sheet(source, things, sheet), watch or Watch()
    loading = _Loading(found, things, origin, words_known(deps=deps), deps)
    progress = replace(begun or Progress(), rows=found.count)
    watching.told(progress)
    if dry_run:
        progress = loading.dry(progress, watching)
    else:
        for batch in loading.batches(progress.rows_done):
            progress = loading.take(batch, progress, watching)
            watching.told(progress)
            if watching.pause() and progress.rows_done < progress.rows:
                return Loaded(progress, found.notices, None, finished=False)
    errors = errors_file(things, found, _refused(found, progress.problems)) if progress.problems else None
    return Loaded(progress, found.notices, errors)


@dataclass(frozen=True, slots=True)
class _Loading:
    """One sheet on its way in."""

    sheet: Sheet
    things: Things
    origin: Origin
    words: Words
    deps: Deps

    def batches(self, after: int = 0) -> Iterator[list[Line]]:
        """The rows after so many."""
        rows = islice(self.sheet.rows(), after, None)
        while batch := list(islice(rows, BATCH)):
            yield batch

    def dry(self, progress: Progress, watch: Watch) -> Progress:
        """Take all rows and give them up."""
        with suppress(_NothingKept), self.deps.database.begin(self._account) as work:
            for batch in self.batches():
                progress = self._taken(work, batch, progress)
                watch.told(progress)
            raise _NothingKept
        return progress

    def take(self, batch: Sequence[Line], progress: Progress, watch: Watch) -> Progress:
        """Take a batch in a transaction of its own, again where another one stood in its way."""
        for left in reversed(range(TRIES)):
            try:
                with self.deps.database.begin(self._account) as work:
                    after = self._taken(work, batch, progress)
                    watch.keep(work, after)
            except OperationalError as error:
                if not left or not isinstance(error.orig, DeadlockDetected | LockNotAvailable):
                    raise
                time.sleep(0.1 * (TRIES - left))
            else:
                return after
        raise AssertionError("the last try returns or raises")

    @property
    def _account(self) -> UUID | None:
        return self.origin.actor.account_id if self.origin.actor else None

    def _taken(self, work: Work, batch: Sequence[Line], progress: Progress) -> Progress:
        results: list[Result] = []
        problems: list[Misplaced] = []
        good: list[tuple[Line, Record]] = []
        for line in batch:
            read = record_of(line, self.sheet, self.things, self.words)
            if isinstance(read, list):
                results.append(Result.REFUSED)
                problems += misplaced(line, self.sheet, read)
            else:
                good.append((line, read))
        for (line, _), taken in zip(good, bulk.take(work, [r for _, r in good], self.origin, self.deps), strict=True):
            results.append(taken.result)
            problems += [_by_row(each, good) for each in misplaced(line, self.sheet, taken.problems)]
        return progress.plus(results, sorted(problems, key=lambda problem: problem.row))


def _by_row(problem: Misplaced, good: Sequence[tuple[Line, Record]]) -> Misplaced:
    """Say which row a record contradicts; `first` is its place in the batch."""
    if "first" not in problem.data:
        return problem
    return replace(problem, data={**problem.data, "first": good[problem.data["first"]][0].number})


def _refused(sheet: Sheet, problems: Sequence[Misplaced]) -> Iterator[tuple[str, Sequence[Cell]]]:
    """The rows that have problems, as they stand there, each with what is wrong in both languages."""
    by_row = {row: list(wrong) for row, wrong in groupby(problems, key=lambda problem: problem.row)}
    for line in sheet.rows():
        if line.number in by_row:
            yield "\n".join(sentence(problem) for problem in by_row[line.number]), line.cells


def sentence(problem: Misplaced) -> str:
    """A problem for who mends it: where it is, what it is in Chinese and English, its code."""
    told = text(problem.code, problem.data)
    where = f"{problem.column}: " if problem.column else ""
    return f"{where}{told['zh']} {told['en']} ({problem.code})"

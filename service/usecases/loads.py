"""Loading a spreadsheet: rows become records, taken a batch at a time; those refused go back to be corrected."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby, islice

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
from service.usecases.loads_memory import Memory
from service.usecases.loads_words import words_known

#: What `bulk.take` takes at once; whole batches are what a kill leaves behind.
BATCH = 1000
#: Problems that are shown at once; all of them stand in the workbook of errors, as many a row as anybody reads.
SHOWN, MOST_TOLD = 100, 5
#: Two loads of the same people may wait for each other; whoever is chosen to give way tries the batch again.
TRIES = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load has come: rows taken in or refused of all there are, results by count, the first problems."""

    rows: int = 0
    rows_done: int = 0
    counts: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, Result), 0))
    problems: tuple[Misplaced, ...] = ()

    def plus(self, results: Sequence[Result], problems: Sequence[Misplaced]) -> "Progress":
        """The same with a batch more."""
        counts = {name: count + sum(result == name for result in results) for name, count in self.counts.items()}
        done = self.rows_done + len(results)
        return replace(self, rows_done=done, counts=counts, problems=(*self.problems, *problems)[:SHOWN])


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

    `keep` writes how far it is and what to remember (`Memory.add`) in the transaction of each batch, so that a kill
    leaves both or neither; `told` hears it afterwards; `pause` says whether to stop there and go on another time.
    """

    keep: Callable[[Work, Progress, bytes], None] = lambda _work, _progress, _piece: None
    told: Callable[[Progress], None] = lambda _progress: None
    pause: Callable[[], bool] = lambda: False


class _NothingKept(Exception):  # noqa: N818 - it only leaves a transaction
    """The end of a batch of a dry run."""


def load_rows(
    source: bytes,
    things: Things,
    origin: Origin,
    *,
    deps: Deps,
    dry_run: bool = False,
    sheet: str | None = None,
    begun: tuple[Progress, Sequence[bytes]] | None = None,
    watch: Watch | None = None,
) -> Loaded:
    """Take the rows of a file that were not taken yet; each row is taken whole or not at all, and told if not.

    `begun` is what `Watch.keep` was given, with all pieces. A dry run takes each batch and gives it up, so that nobody
    waits for it; what rows of different batches contradict in each other it knows from its memory, as a real load does.

    Raises:
        ServiceError: the file as a whole cannot be read (`open_sheet`), or its sender may not load such things.
    """
    found, watching = open_sheet(source, things, sheet), watch or Watch()
    before, pieces = begun or (Progress(), ())
    memory = Memory(deps, pieces)
    loading = _Loading(found, things, origin, words_known(deps=deps), deps, memory, dry_run)
    progress = replace(before, rows=found.count)
    watching.told(progress)
    for batch in loading.batches(progress.rows_done):
        progress = loading.take(batch, progress, watching)
        watching.told(progress)
        # What was refused is written in a job of its own: it takes as long as a slice.
        if watching.pause():
            return Loaded(progress, found.notices, None, finished=False)
    errors = errors_file(things, found, _refused(found, memory.wrong())) if progress.problems else None
    return Loaded(progress, found.notices, errors)


@dataclass(frozen=True, slots=True)
class _Loading:
    """One sheet on its way in."""

    sheet: Sheet
    things: Things
    origin: Origin
    words: Words
    deps: Deps
    memory: Memory
    dry_run: bool

    def batches(self, after: int = 0) -> Iterator[list[Line]]:
        """The rows after so many."""
        rows = islice(self.sheet.rows(), after, None)
        while batch := list(islice(rows, BATCH)):
            yield batch

    def take(self, batch: Sequence[Line], progress: Progress, watch: Watch) -> Progress:
        """Take a batch in a transaction of its own, again where another one stood in its way."""
        for left in reversed(range(TRIES)):
            try:
                after, piece = self._kept(batch, progress, watch)
            except OperationalError as error:
                if not left or not isinstance(error.orig, DeadlockDetected | LockNotAvailable):
                    raise
                time.sleep(0.1 * (TRIES - left))
            else:
                self.memory.add(piece)
                return after
        raise AssertionError("the last try returns or raises")

    def _kept(self, batch: Sequence[Line], progress: Progress, watch: Watch) -> tuple[Progress, bytes]:
        account = self.origin.actor.account_id if self.origin.actor else None
        with suppress(_NothingKept), self.deps.database.begin(account) as work:
            after, piece = self._taken(work, batch, progress)
            if self.dry_run:
                raise _NothingKept
            watch.keep(work, after, piece)
        if self.dry_run:
            with self.deps.database.begin() as work:
                watch.keep(work, after, piece)
        return after, piece

    def _taken(self, work: Work, batch: Sequence[Line], progress: Progress) -> tuple[Progress, bytes]:
        results: list[Result] = []
        problems: list[Misplaced] = []
        good: list[tuple[Line, Record]] = []
        for line in batch:
            read = record_of(line, self.sheet, self.things, self.words)
            wrong = read if isinstance(read, list) else self.memory.contradictions(read)
            if wrong:
                results.append(Result.REFUSED)
                problems += self._told(line, wrong)
            elif isinstance(read, list) or self.memory.repeats(read):
                results.append(Result.UNCHANGED)
            else:
                good.append((line, read))
        accepted: list[tuple[int, Record]] = []
        for (line, record), taken in zip(
            good, bulk.take(work, [r for _, r in good], self.origin, self.deps), strict=True
        ):
            # Whom an earlier batch of a dry run made is not there any more.
            again = taken.result is Result.CREATED and self.memory.knows(record)
            results.append(Result.CHANGED if again else taken.result)
            problems += [_by_row(each, good) for each in self._told(line, taken.problems)]
            if taken.result is not Result.REFUSED:
                accepted.append((line.number, record))
        problems.sort(key=lambda problem: problem.row)
        return progress.plus(results, problems), self.memory.piece(problems, accepted)

    def _told(self, line: Line, problems: Sequence[Problem]) -> list[Misplaced]:
        """The first problems of a row, and how many more there are."""
        more = len(problems) - MOST_TOLD
        rest = [Problem("more_problems", None, {"more": more})] if more > 0 else []
        return misplaced(line, self.sheet, [*problems[:MOST_TOLD], *rest])


def _by_row(problem: Misplaced, good: Sequence[tuple[Line, Record]]) -> Misplaced:
    """Say which row a record contradicts; `first` is its place in the batch."""
    if "first" not in problem.data:
        return problem
    return replace(problem, data={**problem.data, "first": good[problem.data["first"]][0].number})


def _refused(sheet: Sheet, wrong: Iterable[Misplaced]) -> Iterator[tuple[str, Sequence[Cell]]]:
    """The rows that have problems, as they stand there, each with what is wrong in both languages; both come by row."""
    by_row = groupby(wrong, key=lambda problem: problem.row)
    row, problems = next(by_row)
    for line in sheet.rows():
        if line.number == row:
            yield "\n".join(map(sentence, problems)), line.cells
            row, problems = next(by_row, (0, iter(())))


def sentence(problem: Misplaced) -> str:
    """A problem for who mends it: where it is, what it is in Chinese and English, its code."""
    told = text(problem.code, problem.data)
    where = f"{problem.column}: " if problem.column else ""
    return f"{where}{told['zh']} {told['en']} ({problem.code})"

"""Records of a peer, taken: read by its contract, mapped, kept by the bulk use cases; what is refused is an issue.

Runs, pushes and questions about one person all come through here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from service.connectors import certificates, filing
from service.connectors.reading import Told, Words
from service.connectors.source import key_of
from service.deps import Deps
from service.domain.exchange import Peer
from service.domain.records import CertificateRecord, ListRecord, Origin, ProjectRecord, Record, Result
from service.domain.sources import Source
from service.errors import Problem
from service.store.locks import hold
from service.store.models import Filing, SyncIssue, SyncRun
from service.store.work import Work
from service.usecases import bulk
from service.usecases.key_mappings import KeptKey, MappedWords, keep_keys, kept_keys
from service.usecases.sync_keys import follow

#: What the bulk use cases take at once.
BATCH = 1000
SOURCES = {Peer.FILING_SYSTEM: Source.FILING_SYSTEM, Peer.CERTIFICATE_REGISTRY: Source.CERTIFICATE_REGISTRY}
#: What a peer's records are, in our words.
THINGS = {Peer.FILING_SYSTEM: "filing", Peer.CERTIFICATE_REGISTRY: "certificate"}
_READERS: dict[Peer, Callable[[Any, Words], Told]] = {
    Peer.FILING_SYSTEM: filing.told,
    Peer.CERTIFICATE_REGISTRY: certificates.told,
}
# A list names people for a project, so projects come first.
_ORDER: tuple[type[Record], ...] = (ProjectRecord, ListRecord, CertificateRecord)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
# The field that a record of either peer is found by.
_NUMBER = "number"
# What a record with several parts comes to: the first of these that one of them came to.
_WEIGHT = (Result.REFUSED, Result.CREATED, Result.CHANGED, Result.UNCHANGED)


@dataclass(slots=True)
class Outcome:
    """What becomes of one record of a peer; refused ones say why, by the paths of the contract."""

    told: Told
    problems: list[Problem]
    results: list[Result] = field(default_factory=list)
    #: True where a newer record of its key is known: what was said of that one stands.
    stale: bool = False
    #: What somebody should look at, though the record was taken.
    notices: list[Problem] = field(default_factory=list)
    #: Our row of the first of its parts.
    row_id: UUID | None = None

    @property
    def result(self) -> Result:
        """What it comes to as a whole."""
        return Result.REFUSED if self.problems else min(self.results, key=_WEIGHT.index)


def take_items(work: Work, run: SyncRun, items: Sequence[Any], deps: Deps) -> list[Outcome]:
    """What became of each record, in their order; issues and counts are kept with the run in the same transaction."""
    # One after the other: what one has just taken, the other must not overwrite with something older.
    hold(work, "records", run.peer)
    words = MappedWords(work, run.peer)
    outcomes = [Outcome(told, list(told.problems)) for told in (_READERS[run.peer](item, words) for item in items)]
    words.note_used()
    told_before = kept_keys(work, run.peer, THINGS[run.peer], [each.told.key for each in outcomes])
    _refuse_older(outcomes, told_before)
    _follow_numbers(work, run.peer, outcomes, told_before, deps)
    origin = Origin(SOURCES[run.peer], checked_at=work.clock.now())
    for kind in _ORDER:
        _take_kind(work, kind, outcomes, origin, deps)
    good = [each for each in outcomes if not each.problems]
    if run.peer is Peer.FILING_SYSTEM:
        # Who is on no list any more ends there; of a list that was not taken as a whole nobody knows who that is.
        bulk.complete(work, _lists(good), origin, deps)
    keep_keys(work, run.peer, THINGS[run.peer], _keys(work, run.peer, good))
    settle(work, run.peer, [each.told.key for each in outcomes if not each.stale])
    keep_issues(work, run, [(each.told.key, said) for each in outcomes for said in (*each.problems, *each.notices)])
    run.counts = dict(Counter(run.counts) + Counter(each.result.value for each in outcomes))
    work.save()
    return outcomes


def newest(items: Sequence[Any]) -> list[Any]:
    """Of records with one key the last: what a page tells later is how it is now."""
    return list({key_of(item) or at: item for at, item in enumerate(items)}.values())


def settle(work: Work, peer: Peer, keys: Sequence[str]) -> None:
    """The peer told these records again: what was said about them before is over."""
    runs = select(SyncRun.id).where(SyncRun.peer == peer)
    named = [key for key in keys if key]
    work.session.execute(
        update(SyncIssue)
        .where(SyncIssue.external_key.in_(named), SyncIssue.settled_at.is_(None), SyncIssue.run_id.in_(runs))
        .values(settled_at=work.clock.now())
    )


def keep_issues(work: Work, run: SyncRun, problems: Iterable[tuple[str, Problem]]) -> None:
    """What a run could not take, by the peer's key: code and numbers, nothing of the person."""
    now = work.clock.now()
    rows = [
        {"run_id": run.id, "thing": THINGS[run.peer], "external_key": key, "field": problem.field}
        | {"code": problem.code, "data": dict(problem.data), "created_at": now}
        # A record without a key cannot be asked for again, and of one that is known better nobody needs to.
        | {"settled_at": None if key and problem.code != "older_than_known" else now}
        for key, problem in problems
    ]
    if rows:
        work.session.execute(insert(SyncIssue), rows)


def _refuse_older(outcomes: Sequence[Outcome], told_before: Mapping[str, KeptKey]) -> None:
    """Refuse those older than the last that was taken of their key, or than another of it among these."""
    last: dict[str, int] = {}
    for at, each in enumerate(outcomes):
        rival = outcomes[last.setdefault(each.told.key, at)]
        if _changed(each) >= _changed(rival):
            last[each.told.key] = at
    for at, each in enumerate(outcomes):
        since = _known_since(told_before, each) or _BEFORE_ALL
        if each.told.key and (last[each.told.key] != at or _changed(each) < since):
            each.stale, each.problems = True, [Problem("older_than_known", "changed_at")]


def _changed(outcome: Outcome) -> datetime:
    return outcome.told.changed_at or _BEFORE_ALL


def _known_since(told_before: Mapping[str, KeptKey], outcome: Outcome) -> datetime | None:
    known = told_before.get(outcome.told.key)
    return known.changed_at if known and outcome.told.changed_at else None


def _follow_numbers(
    work: Work, peer: Peer, outcomes: Sequence[Outcome], told_before: Mapping[str, KeptKey], deps: Deps
) -> None:
    """Rename what a known key now calls otherwise, so that its record finds it."""
    known = {each.told.key: each for each in outcomes if not each.problems and each.told.key in told_before}
    records = {key: each.told.records[0][1] for key, each in known.items()}
    for key in follow(work, peer, {key: told_before[key].row_id for key in known}, records, deps):
        known[key].notices.append(Problem("key_moved", _NUMBER))


def _take_kind(work: Work, kind: type[Record], outcomes: Sequence[Outcome], origin: Origin, deps: Deps) -> None:
    some = [
        (outcome, path, record)
        for outcome in outcomes
        if not outcome.problems
        for path, record in outcome.told.records
        if isinstance(record, kind)
    ]
    for first in range(0, len(some), BATCH):
        part = some[first : first + BATCH]
        taken = bulk.take(work, [record for _, _, record in part], origin, deps)
        for (outcome, path, _), one in zip(part, taken, strict=True):
            outcome.problems += [_placed(problem, path) for problem in one.problems]
            outcome.results.append(one.result)
            outcome.row_id = outcome.row_id or one.id


def _placed(problem: Problem, path: str) -> Problem:
    return Problem(problem.code, ".".join(filter(None, (path, problem.field))) or None, problem.data)


def _lists(good: Sequence[Outcome]) -> dict[str, list[ListRecord]]:
    """By filing number the entries of its lists."""
    return {
        _number(each.told): [record for _, record in each.told.records if isinstance(record, ListRecord)]
        for each in good
    }


def _keys(work: Work, peer: Peer, good: Sequence[Outcome]) -> dict[str, KeptKey]:
    now = work.clock.now()
    # A peer whose clock runs ahead for a day would else be told for ever that it tells old news.
    changed = {each.told.key: min(_changed(each), now) for each in good}
    ids: dict[str, UUID | None] = {each.told.key: each.row_id for each in good}
    if peer is Peer.FILING_SYSTEM:
        numbers = {each.told.key: _number(each.told) for each in good}
        rows = work.session.execute(select(Filing.number, Filing.id).where(Filing.number.in_(numbers.values())))
        filings = {row.number: row.id for row in rows}
        ids = {key: filings.get(number) for key, number in numbers.items()}
    return {key: KeptKey(row_id, changed[key]) for key, row_id in ids.items() if row_id is not None}


def _number(told: Told) -> str:
    return next(record.filing_number for _, record in told.records if isinstance(record, ProjectRecord))

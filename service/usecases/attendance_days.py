"""Attendance days: written in the transaction of each verdict, and anew wherever what they rest on changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from service.domain.attendance import Day, Punch, judge_day
from service.domain.calendar import begin_of, business_day
from service.domain.reasons import Verdict
from service.store.locks import hold, share
from service.store.models import AttendanceDay, CheckIn
from service.store.work import Work
from service.usecases.ground import Ground

Key = tuple[UUID, date]
_LOCK = "attendance"
_COLUMNS = ("outcome", "reasons", "punches", "first_at", "last_at", "policy_version")


def put_day(work: Work, ground: Ground, person_id: UUID, day: date) -> None:
    """Write one person's day; two verdicts of one day at once wait here for each other, and the second sees both.

    Whoever calls this holds the check-in's row already: rows first, then days, is the order everywhere.
    """
    share(work, _LOCK, ground.project.id)
    hold(work, _LOCK, ground.project.id, person_id, day)
    _write(work, ground, day, day, person_id)


def put_days(work: Work, ground: Ground, first: date, last: date, person_id: UUID | None = None) -> int:
    """Write all days of a project between two days, of one person if given, and return how many changed."""
    hold(work, _LOCK, ground.project.id)
    return _write(work, ground, first, last, person_id)


def _write(work: Work, ground: Ground, first: date, last: date, person_id: UUID | None) -> int:
    punches = _punches(work, ground.project.id, first, last, person_id)
    wanted = {key: as_columns(judge_day(made, ground.policy_on(key[1]))) for key, made in punches.items()}
    kept = _kept(work, ground.project.id, first, last, person_id)
    changed = [key for key, columns in wanted.items() if kept.get(key) != columns]
    if changed:
        rows = [{"project_id": ground.project.id, "person_id": p, "day": d, **wanted[p, d]} for p, d in changed]
        statement = insert(AttendanceDay)
        news = {name: statement.excluded[name] for name in _COLUMNS}
        upsert = statement.on_conflict_do_update(index_elements=["project_id", "person_id", "day"], set_=news)
        # The rows go beside the statement: written out as VALUES they would be compiled anew each time.
        work.session.execute(upsert, rows)
    gone = kept.keys() - wanted.keys()
    _delete(work, ground.project.id, gone)
    return len(changed) + len(gone)


def _punches(
    work: Work, project_id: UUID, first: date, last: date, person_id: UUID | None
) -> Mapping[Key, list[Punch]]:
    """The check-ins somebody or something looked at already; those just received are no part of a day yet."""
    statement = select(CheckIn.person_id, CheckIn.at, CheckIn.state, CheckIn.counts, CheckIn.counting_reasons).where(
        CheckIn.project_id == project_id,
        CheckIn.at >= begin_of(first),
        CheckIn.at < begin_of(last + timedelta(days=1)),
        CheckIn.state != Verdict.RECEIVED,
    )
    if person_id is not None:
        statement = statement.where(CheckIn.person_id == person_id)
    days: dict[Key, list[Punch]] = defaultdict(list)
    for row in work.session.execute(statement):
        against = tuple(reason["code"] for reason in row.counting_reasons)
        days[row.person_id, business_day(row.at)].append(Punch(row.at, row.state, row.counts, against))
    return days


def _kept(work: Work, project_id: UUID, first: date, last: date, person_id: UUID | None) -> dict[Key, dict[str, Any]]:
    statement = select(
        AttendanceDay.person_id, AttendanceDay.day, *(getattr(AttendanceDay, name) for name in _COLUMNS)
    ).where(AttendanceDay.project_id == project_id, AttendanceDay.day.between(first, last))
    if person_id is not None:
        statement = statement.where(AttendanceDay.person_id == person_id)
    rows = work.session.execute(statement)
    return {(row.person_id, row.day): {name: getattr(row, name) for name in _COLUMNS} for row in rows}


def _delete(work: Work, project_id: UUID, keys: Iterable[Key]) -> None:
    surplus = list(keys)
    if surplus:
        named = tuple_(AttendanceDay.person_id, AttendanceDay.day).in_(surplus)
        work.session.execute(delete(AttendanceDay).where(AttendanceDay.project_id == project_id, named))


def as_columns(day: Day) -> dict[str, Any]:
    """A day as its row holds it."""
    return {
        "outcome": day.outcome,
        "reasons": [why.as_dict() for why in day.why],
        "punches": day.punches,
        "first_at": day.first_at,
        "last_at": day.last_at,
        "policy_version": day.policy_version,
    }

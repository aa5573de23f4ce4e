"""A unit's lists: whose certificates end soon, and who is free for a project."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.calendar import business_day
from service.domain.certificates import BUCKETS, HORIZON, Bucket, CertificateStatus, bucket_of
from service.store.models import Certificate, CertificateType, Person, Post, Project, RosterLine, Unit
from service.store.queries.certificates import in_date, replaced_on, status_on
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import lines_within
from service.store.queries.units import employed_by, seated_on, staffed_on, units_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.certificates import of_unit
from service.usecases.post_rules import post_rules_on

#: Rows of a file read in one go.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post of a project that somebody has."""

    project_id: UUID
    project_name: str
    post_code: str
    post_name: str


@dataclass(frozen=True, slots=True)
class Expiring:
    """A certificate that ended or soon will, and what its holder is needed for."""

    id: UUID
    person_id: UUID
    name: str
    type_code: str
    type_name: str
    number: str
    valid_until: date
    days_left: int
    bucket: Bucket
    posts: Sequence[HeldPost]


@dataclass(frozen=True, slots=True)
class ExpiringPage:
    """A page of them, and how many there are of each bucket in all."""

    items: Sequence[Expiring]
    next: str | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class FreePerson:
    """Somebody with no seat that keeps him, and his certificate that lasts longest."""

    person_id: UUID
    name: str
    certificate_id: UUID
    number: str
    specialty: str | None
    valid_until: date | None


def ending_key(cursor: str) -> tuple[date, UUID]:
    """What a page of expiring certificates gave as `next`; ValueError for anything else."""
    day, _, key = cursor.partition("_")
    return date.fromisoformat(day), UUID(key)


def list_expiring(unit_id: UUID, window: Window, *, actor: Actor, deps: Deps) -> ExpiringPage:
    """A page of a unit's certificates that ended or will within 90 days, the first to end first.

    One that is suspended, revoked or cancelled today, or that a later one replaced, needs no renewal and is left out.
    """
    today = business_day(deps.clock.now())
    soon = Certificate.valid_until <= today + timedelta(HORIZON)
    serving = (status_on(today) == CertificateStatus.VALID, ~replaced_on(today))
    ending = (of_unit(unit_id, today), soon, *serving)
    with deps.database.begin() as work:
        reach = _require_unit(work, unit_id, actor)
        rows = _ending(work, ending, window)
        items = _told(work, rows[: window.limit], today, reach)
        counts = _counted(work, ending, today)
    last = items[-1] if len(rows) > window.limit else None
    return ExpiringPage(items, f"{last.valid_until}_{last.id}" if last else None, counts)


def all_expiring(unit_id: UUID, *, actor: Actor, deps: Deps) -> Iterator[Expiring]:
    """All of them one after the other; read in parts, so that no transaction waits for whoever takes them."""
    part = list_expiring(unit_id, Window(BATCH), actor=actor, deps=deps)
    with deps.database.begin(actor.account_id) as work:
        work.audit("unit:export_certificates", unit_id)
    return _onward(part, unit_id, actor, deps)


def list_free(unit_id: UUID, type_code: str, on: date | None, window: Window, *, actor: Actor, deps: Deps) -> Page[Any]:
    """A page of those a unit employs on a day with a certificate of a type that serves there, and no seat in force.

    A seat on a project that nobody has to serve, or on a post that may be held on any number of projects, keeps nobody.
    """
    day = on or business_day(deps.clock.now())
    serving = _serving(unit_id, type_code, day)
    with deps.database.begin() as work:
        _require_unit(work, unit_id, actor)
        statement = select(Person).where(
            Person.id.in_(employed_by(unit_id, day)),
            select(Certificate.id).where(Certificate.person_id == Person.id, *serving).exists(),
            ~_kept(work, day),
        )
        people = page(work.session, statement, Person.id, window)
        return Page(_with_best(work, people.items, serving), people.next)


def _require_unit(work: Work, unit_id: UUID, actor: Actor) -> Reach:
    reach = require(actor, Permission.CERTIFICATE_READ)
    found(work, select(Unit.id).where(Unit.id == unit_id, units_within(reach)), "unit")
    return reach


def _ending(work: Work, ending: Iterable[ColumnElement[bool]], window: Window) -> Sequence[Any]:
    key = (Certificate.valid_until, Certificate.id)
    statement = (
        select(Certificate, Person.name, CertificateType.name_zh)
        .join(Person, Person.id == Certificate.person_id)
        .join(CertificateType, CertificateType.code == Certificate.type_code)
        .where(*ending)
        .order_by(*key)
        .limit(window.limit + 1)
    )
    if window.after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*window.after))
    return work.session.execute(statement).all()


def _told(work: Work, rows: Sequence[Any], today: date, reach: Reach) -> list[Expiring]:
    posts = _posts_of(work, [row.person_id for row, _, _ in rows], today, reach)
    return [
        Expiring(
            id=row.id,
            person_id=row.person_id,
            name=name,
            type_code=row.type_code,
            type_name=type_name,
            number=row.number,
            valid_until=row.valid_until,
            days_left=(left := (row.valid_until - today).days),
            bucket=bucket_of(left),
            posts=posts.get(row.person_id, ()),
        )
        for row, name, type_name in rows
    ]


def _posts_of(work: Work, people: Sequence[UUID], day: date, reach: Reach) -> dict[UUID, list[HeldPost]]:
    line = RosterLine
    statement = (
        select(line.person_id, line.project_id, Project.name, line.post_code, Post.name_zh)
        .join(Project, Project.id == line.project_id)
        .join(Post, Post.code == line.post_code)
        .where(line.person_id.in_(people), seated_on(day), lines_within(reach))
        .order_by(line.id)
    )
    posts: dict[UUID, list[HeldPost]] = {}
    for person_id, project_id, project, code, post in work.session.execute(statement):
        posts.setdefault(person_id, []).append(HeldPost(project_id, project, code, post))
    return posts


def _counted(work: Work, ending: Iterable[ColumnElement[bool]], today: date) -> dict[str, int]:
    left = Certificate.valid_until - literal(today)
    bucket = case(*((left <= most, str(name)) for name, most in BUCKETS.items()))
    statement = select(bucket, func.count()).where(*ending).group_by(bucket)
    return dict.fromkeys(map(str, BUCKETS), 0) | dict(work.session.execute(statement).all())


def _onward(part: ExpiringPage, unit_id: UUID, actor: Actor, deps: Deps) -> Iterator[Expiring]:
    while True:
        yield from part.items
        if part.next is None:
            return
        part = list_expiring(unit_id, Window(BATCH, ending_key(part.next)), actor=actor, deps=deps)


def _serving(unit_id: UUID, type_code: str, day: date) -> tuple[ColumnElement[bool], ...]:
    ours = or_(Certificate.unit_id.is_(None), Certificate.unit_id == unit_id)
    return Certificate.type_code == type_code, in_date(day), status_on(day) == CertificateStatus.VALID, ours


def _kept(work: Work, day: date) -> ColumnElement[bool]:
    unlimited = [code for code, rule in post_rules_on(work, day).items() if rule.concurrency.projects is None]
    seats = select(RosterLine.id).join(Project, Project.id == RosterLine.project_id)
    mine = (RosterLine.person_id == Person.id, RosterLine.post_code.not_in(unlimited))
    return seats.where(*mine, seated_on(day), staffed_on(day)).exists()


def _with_best(work: Work, people: Sequence[Person], serving: Iterable[ColumnElement[bool]]) -> list[FreePerson]:
    statement = (
        select(Certificate)
        .where(Certificate.person_id.in_([person.id for person in people]), *serving)
        .ext(distinct_on(Certificate.person_id))
        .order_by(Certificate.person_id, Certificate.valid_until.desc().nulls_first(), Certificate.id)
    )
    best = {row.person_id: row for row in work.session.scalars(statement)}
    return [
        FreePerson(each.id, each.name, row.id, row.number, row.specialty, row.valid_until)
        for each in people
        if (row := best[each.id])
    ]

"""The check-in policy of the whole city: the one in force on a day, and a new one with other numbers for an engine."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import Integer, cast, func, select

from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.policies import CheckInPolicy, FacePolicy, PolicyRow, Subject, parse_check_in, with_lent_faces
from service.errors import NotDone, ServiceError, fault
from service.store.locks import hold
from service.store.models import Policy
from service.store.work import Work

CITY = "city"


def city_policy(work: Work, on: date) -> CheckInPolicy:
    """What holds on a day where no body and no project has rules of its own; `no_policy` when there is none.

    Of engines it says nothing of, earlier policies of the city say it.
    """
    begun = [PolicyRow(r.policy_version, r.effective_from, r.scope, r.scope_id, r.body) for r in _rows(work, on)]
    return with_lent_faces(parse_check_in(begun[0]), begun[1:])


def silent_about(engine: str, work: Work, on: date) -> list[str]:
    """The versions in force on a day, whatever their scope, that say nothing of an engine."""
    begun = select(Policy).where(Policy.subject == Subject.CHECK_IN, Policy.effective_from <= on)
    rows = work.session.scalars(begun.order_by(Policy.effective_from))
    last = {(row.scope, row.scope_id): row for row in rows}
    return sorted(row.policy_version for row in last.values() if engine not in row.body.get("faces", ()))


def require_free_day(starts_on: date, deps: Deps) -> None:
    """NotDone unless a policy may still begin on that day: what was judged under another one stays judged."""
    with deps.database.begin() as work:
        _require_free_day(starts_on, work)


def _require_free_day(starts_on: date, work: Work) -> None:
    today = business_day(work.clock.now())
    if starts_on <= today:
        raise NotDone(f"a policy begins after today, {today}: not on {starts_on}")
    begins = (Policy.subject == Subject.CHECK_IN, Policy.scope == CITY, Policy.effective_from >= starts_on)
    other = work.session.scalars(select(Policy).where(*begins).order_by(Policy.effective_from)).first()
    if other is None:
        return
    if other.effective_from == starts_on:
        raise NotDone(f"{other.policy_version} begins on {starts_on} already: choose another day with --from")
    raise NotDone(
        f"{other.policy_version} begins on {other.effective_from}, with which what begins on {starts_on} would end: "
        "choose a later day with --from"
    )


def replace_face(engine: str, face: FacePolicy, starts_on: date, deps: Deps) -> Policy:
    """A new policy from that day: the one that would be in force then, with other numbers for this engine.

    Raises:
        NotDone: the day is not after today, or another policy begins on it or later.
    """
    try:
        with deps.database.begin() as work:
            # Two that write at once take their numbers one after the other.
            hold(work, "policy", Subject.CHECK_IN)
            _require_free_day(starts_on, work)
            body = _rows(work, starts_on)[0].body
            faces = {**body["faces"], engine: _numbers(face)}
            row = Policy(
                subject=Subject.CHECK_IN,
                policy_version=_next_version(work),
                effective_from=starts_on,
                scope=CITY,
                scope_id=None,
                body={**body, "faces": faces},
            )
            work.add(row)
            told = {"version": row.policy_version, "effective_from": starts_on.isoformat(), "engine": engine}
            work.audit("policy:create", row.id, **told, numbers=faces[engine])
            return row
    except ServiceError as error:
        if error.code != "already_exists":
            raise
        raise NotDone(f"another policy was written for {starts_on} meanwhile") from None


def _rows(work: Work, on: date) -> Sequence[Policy]:
    """All that have begun, the one in force first."""
    statement = select(Policy).where(
        Policy.subject == Subject.CHECK_IN, Policy.scope == CITY, Policy.effective_from <= on
    )
    rows = work.session.scalars(statement.order_by(Policy.effective_from.desc())).all()
    if not rows:
        raise fault("no_policy", on=on.isoformat())
    return rows


def _next_version(work: Work) -> str:
    number = cast(func.substring(Policy.policy_version, f"^{Subject.CHECK_IN}-([0-9]{{1,9}})$"), Integer)
    last = work.session.scalars(select(func.max(number)).where(Policy.subject == Subject.CHECK_IN)).one()
    return f"{Subject.CHECK_IN}-{(last or 0) + 1}"


def _numbers(face: FacePolicy) -> dict[str, float | str | None]:
    """As `parse_check_in` reads them."""
    numbers = asdict(face)
    del numbers["version"]
    return {**numbers.pop("thresholds"), **numbers}

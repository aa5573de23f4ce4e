"""What identity cases and likely duplicates share: an officer's decision, the names, the photos."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.errors import fault
from service.store.models import CaseState, DuplicateCase, EnrolmentPhoto, IdentityCase, Person, Photo
from service.store.work import Work
from service.usecases.access import found, require_version

Case = IdentityCase | DuplicateCase
_ACTS = {CaseState.CONFIRMED: "confirm", CaseState.DISMISSED: "dismiss"}


def decide(work: Work, row: Case, to: CaseState, note: str, version: int, account_id: UUID) -> None:
    """Write an officer's decision on a locked case; one that is not open any more is `act_not_allowed`."""
    if row.state is not CaseState.OPEN:
        raise fault("act_not_allowed", act=_ACTS[to], state=str(row.state), allowed=[])
    require_version(row.version, version)
    row.state, row.note = to, note
    row.decided_at, row.decided_by = work.clock.now(), account_id
    work.save()
    work.audit(f"{row.__tablename__}:{_ACTS[to]}", row.id)


def names_in(rows: Iterable[Case], *, deps: Deps) -> dict[UUID, str]:
    """The names of both people of some cases, in one query."""
    ids = {person_id for row in rows for person_id in (row.person_id, row.other_person_id)}
    with deps.database.begin() as work:
        statement = select(Person.id, Person.name).where(Person.id.in_(ids))
        return {person_id: name for person_id, name in work.session.execute(statement)}  # noqa: C416 - rows are not pairs to a type checker


def enrolment_photo(work: Work, enrolment_id: UUID) -> Photo:
    """The first photo of an enrolment; `not_found` when there is none."""
    statement = (
        select(Photo)
        .join(EnrolmentPhoto, EnrolmentPhoto.photo_id == Photo.id)
        .where(EnrolmentPhoto.enrolment_id == enrolment_id)
        .order_by(EnrolmentPhoto.position)
        .limit(1)
    )
    return found(work, statement, "photo")

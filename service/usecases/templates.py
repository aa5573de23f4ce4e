"""Turning an enrolment's photos into a template, in a worker: claim, look, keep once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update

from face.engines.base import Engine, Reading
from face.errors import EngineFailed, EngineUnavailable, Refusal
from face.template import Template, build, to_bytes
from service.deps import Deps
from service.store.base import new_id
from service.store.claims import MAX_ATTEMPTS, Held, claim, release, still_held
from service.store.models import Consent, ConsentKind, Enrolment, EnrolmentState, Person, TemplateRow
from service.store.photos import PhotoStoreDown
from service.store.work import Work
from service.usecases.duplicates import look_at_enrolled

log = structlog.get_logger(__name__)

NO_CONSENT: dict[str, object] = {"code": "no_consent", "photo": None, "data": {"missing": ["face"]}}


def enrol(enrolment_id: UUID, *, deps: Deps) -> None:
    """Turn a received enrolment into a template once; the same guards as for a check-in."""
    with deps.database.begin() as work:
        held = claim(work, Enrolment, enrolment_id, deps.settings.lease_s)
    if held is None:
        return
    try:
        _enrol(held, deps)
    except (EngineUnavailable, PhotoStoreDown) as error:
        log.error("a part is down, the enrolment waits", enrolment_id=str(enrolment_id), part=type(error).__name__)
        _give_back(held, deps, counted=False)
    except EngineFailed as error:
        log.warning("the engine failed on an enrolment", enrolment_id=str(enrolment_id), why=str(error))
        _give_back(held, deps, counted=True)
    else:
        look_at_enrolled(enrolment_id, deps=deps)


def _give_back(held: Held, deps: Deps, *, counted: bool) -> None:
    with deps.database.begin() as work:
        release(work, Enrolment, held, counted=counted)


def _enrol(held: Held, deps: Deps) -> None:
    engine = deps.engine()
    with deps.database.begin() as work:
        received = work.session.get_one(Enrolment, held.row_id)
        ids, consented = [photo.photo_id for photo in received.photos], face_consented(work, received.person_id)
    # A consent withdrawn while the photos waited is withdrawn for them too: nobody looks.
    result = _template_of(ids, held, engine, deps) if consented else [NO_CONSENT]
    with deps.database.begin() as work:
        row = still_held(work, Enrolment, held)
        if row is None:
            return
        row.claim_id, row.claimed_until, row.decided_at = None, None, deps.clock.now()
        if isinstance(result, Made) and not face_consented(work, row.person_id):
            result = [NO_CONSENT]
        if isinstance(result, Made):
            _put_in_force(work, row, result, deps)
        else:
            row.state, row.problems = EnrolmentState.REFUSED, result
        work.save()
        work.audit("enrolment:decide", row.id, state=str(row.state))


@dataclass(frozen=True, slots=True)
class Made:
    """A template, and the measures of each photo it was made from."""

    template: Template
    quality: list[dict[str, float]]


def _template_of(ids: Sequence[UUID], held: Held, engine: Engine, deps: Deps) -> Made | list[dict[str, object]]:
    if held.attempt > MAX_ATTEMPTS:
        return [_problem(None, Refusal("engine_failed", {}))]
    return made_of(ids, engine, deps)


def made_of(ids: Sequence[UUID], engine: Engine, deps: Deps) -> Made | list[dict[str, object]]:
    """The template of kept photos, or what is wrong with them, as `Enrolment.problems` tells it.

    Raises:
        EngineFailed: the engine broke on a photo.
        PhotoStoreDown: a photo cannot be had.
    """
    seen = [engine.describe(deps.photos.get(photo_id)) for photo_id in ids]
    problems = [_problem(at, item) for at, item in enumerate(seen, start=1) if isinstance(item, Refusal)]
    if problems:
        return problems
    readings = [item for item in seen if isinstance(item, Reading)]
    template = build(readings, engine)
    if isinstance(template, Refusal):
        blamed = template.data.get("photo")
        return [_problem(blamed + 1 if isinstance(blamed, int) else None, template)]
    return Made(template, [{name: round(value, 3) for name, value in each.quality.items()} for each in readings])


def face_consented(work: Work, person_id: UUID) -> bool:
    """Whether the person's consent to the face is in force."""
    in_force = select(Consent.id).where(
        Consent.person_id == person_id, Consent.kind == ConsentKind.FACE, Consent.withdrawn_at.is_(None)
    )
    return work.session.scalars(in_force).first() is not None


def _newer(work: Work, row: Enrolment) -> bool:
    later = select(Enrolment.id).where(
        Enrolment.person_id == row.person_id, Enrolment.state == EnrolmentState.PROVISIONAL, Enrolment.id > row.id
    )
    return work.session.scalars(later).first() is not None


def _problem(photo: int | None, refusal: Refusal) -> dict[str, object]:
    # How far a face is from the others is told to nobody.
    numbers = {name: value for name, value in refusal.data.items() if name not in {"photo", "distance", "limit"}}
    return {"code": refusal.code, "photo": photo, "data": numbers}


def _put_in_force(work: Work, row: Enrolment, made: Made, deps: Deps) -> None:
    # One enrolment of a person at a time: the person's row is the lock.
    work.session.execute(select(Person.id).where(Person.id == row.person_id).with_for_update(key_share=True))
    now = deps.clock.now()
    if _newer(work, row):
        # It waited long enough for another enrolment to be made; the newer face is the one that holds.
        row.state = EnrolmentState.SUPERSEDED
        return
    work.session.execute(
        update(TemplateRow)
        .where(TemplateRow.person_id == row.person_id, TemplateRow.retired_at.is_(None))
        .values(retired_at=now)
    )
    work.session.execute(
        update(Enrolment)
        .where(Enrolment.person_id == row.person_id, Enrolment.state == EnrolmentState.PROVISIONAL)
        .values(state=EnrolmentState.SUPERSEDED)
    )
    work.add(TemplateRow(**template_values(row.person_id, row.id, made, deps)))
    row.state = EnrolmentState.PROVISIONAL


def template_values(person_id: UUID, enrolment_id: UUID, made: Made, deps: Deps) -> dict[str, Any]:
    """The columns of a new TemplateRow, sealed for its id."""
    template_id, template = new_id(), made.template
    return {
        "id": template_id,
        "created_at": deps.clock.now(),
        "person_id": person_id,
        "enrolment_id": enrolment_id,
        "engine": template.engine,
        "engine_version": template.version,
        "sealed": deps.vault.seal(f"template:{template_id}", to_bytes(template.vector)),
        "sealed_members": deps.vault.seal(f"members:{template_id}", to_bytes(template.members)),
        "photos": template.photos,
        "weak": template.weak,
        "quality": made.quality,
    }

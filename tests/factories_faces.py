"""Enrolled people without faces: an engine that reads descriptors written into files, and rows made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import numpy as np

from face.engines.base import Array, Part, Reading, length_of
from face.errors import Refusal
from face.template import Template
from service.deps import Deps
from service.domain.identifiers import DocumentKind
from service.store.base import new_id
from service.store.models import (
    Consent,
    ConsentKind,
    Enrolment,
    EnrolmentPhoto,
    EnrolmentState,
    Person,
    Photo,
    PhotoKind,
    TemplateRow,
)
from service.store.work import Work
from service.usecases.templates import Made, template_values

#: A photo the engine on paper refuses.
BLANK = b"blank"


@dataclass
class PaperEngine:
    """Its photos are descriptors as bytes; `seen` counts what it looked at."""

    id: str = "paper"
    version: str = "1"
    parts: tuple[Part, ...] = (Part("one", 24), Part("two", 8, adapts=False))
    differ_limit: float = 100.0
    same_limit: float = 0.0
    seen: list[bytes] = field(default_factory=list)

    def describe(self, data: bytes, *, turned: bool = False) -> Reading | Refusal:  # noqa: ARG002 - the Protocol's
        self.seen.append(data)
        if data == BLANK:
            return Refusal("no_face", {"faces": 0})
        return Reading(np.frombuffer(data, np.float32), (0, 0, 1, 1), {"size": 200.0}, 1)


def population(
    persons: int,
    photos: int = 4,
    *,
    seed: int = 0,
    moved: float = 0.0,
    scatter: float = 0.25,
    length: int = length_of(PaperEngine.parts),
) -> list[Array]:
    """Persons around a common face, each (photos, length); `moved` takes all of them elsewhere."""
    dice = np.random.default_rng(seed)
    centres = 3.0 + moved + dice.normal(0, 1, (persons, length))
    return [(centre + scatter * dice.normal(0, 1, (photos, length))).astype(np.float32) for centre in centres]


def enrol_all(deps: Deps, engine: PaperEngine, members: Sequence[Array]) -> list[UUID]:
    """Persons with consent and a template of the engine; their photos are not kept."""
    with deps.database.begin() as work:
        return [_enrol(work, engine, photos, deps)[0] for photos in members]


def enrol_with_photos(
    deps: Deps, engine: PaperEngine, members: Sequence[Array], *, blank: Sequence[int] = ()
) -> list[UUID]:
    """The same with their photos; those in `blank` show nobody."""
    with deps.database.begin() as work:
        enrolled = [_enrol(work, engine, photos, deps) for photos in members]
        for at, ((_, enrolment_id), photos) in enumerate(zip(enrolled, members, strict=True)):
            for position, descriptor in enumerate(photos, start=1):
                looks = {"media_type": "image/jpeg", "size": 1, "width": 1, "height": 1}
                photo = work.add(Photo(kind=PhotoKind.ENROLMENT, digest=uuid4().bytes, **looks))
                work.add(EnrolmentPhoto(enrolment_id=enrolment_id, position=position, photo_id=photo.id))
                deps.photos.put(photo.id, BLANK if at in blank else descriptor.tobytes())
    return [person_id for person_id, _ in enrolled]


def _enrol(work: Work, engine: PaperEngine, photos: Array, deps: Deps) -> tuple[UUID, UUID]:
    document = {"document_kind": DocumentKind.PERMIT, "document_sealed": b"", "document_hash": uuid4().bytes}
    person_id = work.add(Person(name="某人", document_tail="0000", **document)).id
    consent = {"kind": ConsentKind.FACE, "notice_version": "1", "given_at": deps.clock.now()}
    work.add(Consent(person_id=person_id, **consent))
    received = {"client_ref": str(uuid4()), "fingerprint": b"", "enrolled_by": new_id()}
    enrolment = work.add(Enrolment(person_id=person_id, state=EnrolmentState.PROVISIONAL, **received))
    made = Made(Template(engine.id, engine.version, photos), [{} for _ in photos])
    work.add(TemplateRow(**template_values(person_id, enrolment.id, made, deps)))
    return person_id, enrolment.id

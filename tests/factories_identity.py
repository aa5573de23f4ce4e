"""People whose faces are the numbers a test chose, so that it can stand exactly at a margin."""

import io
from dataclasses import replace
from datetime import date
from itertools import count
from uuid import UUID, uuid4

import numpy as np
from PIL import Image
from sqlalchemy import select

from face.engines.base import Part, Reading
from service.domain.actors import Actor
from service.domain.policies import Subject
from service.store.models import CheckIn, ConsentKind, Policy
from service.usecases import enrolment
from service.usecases.enrolment import EnrolmentForm
from tests.factories import World, sent

#: What the prepared engine's distances mean.
FACE = {"accept": 1.0, "refuse": 2.0, "margin": 0.5, "duplicate": 0.5, "duplicate_margin": 0.25}
_COLOURS = count(1)


class Prepared:
    """An engine that sees in a photo the vector that was prepared for it."""

    id, version = "prepared", "1"
    parts = (Part("only", 3, adapts=False),)
    differ_limit, same_limit = 1000.0, 0.0

    def __init__(self) -> None:
        self.seen: dict[bytes, np.ndarray] = {}

    def photo(self, *vector: float) -> bytes:
        """A photo nobody sent before, in which this engine sees the vector."""
        Image.new("RGB", (240, 320), f"#{next(_COLOURS):06x}").save(file := io.BytesIO(), "PNG")
        self.seen[file.getvalue()] = np.array(vector, np.float32)
        return file.getvalue()

    def describe(self, data: bytes, *, turned: bool = False) -> Reading:  # noqa: ARG002 - the Protocol's
        return Reading(self.seen[data], (0, 0, 240, 320), {"face_px": 240.0}, 1)


class Crowd:
    """A site and people with prepared faces."""

    def __init__(self, world: World) -> None:
        self.engine = Prepared()
        self.deps = replace(world.deps, engine=lambda: self.engine)
        self.world = World(self.deps)
        self.site = self.world.site()
        self.phones: dict[UUID, Actor] = {}
        self.face(**FACE)

    def phone(self, person_id: UUID) -> Actor:
        """The person's account."""
        if person_id not in self.phones:
            self.phones[person_id] = self.world.key_person(person_id)
        return self.phones[person_id]

    def face(self, **numbers: object) -> None:
        """A city's policy for the prepared engine from a day no other begins on."""
        with self.deps.database.begin() as work:
            rows = work.session.scalars(select(Policy).where(Policy.subject == Subject.CHECK_IN)).all()
            last = max(rows, key=lambda row: row.effective_from)
            version, day = f"check_in-{len(rows) + 1}", date(2025, 1, len(rows))
            body = {**last.body, "faces": {"prepared": {**FACE, **numbers}}}
            work.add(
                Policy(subject=Subject.CHECK_IN, policy_version=version, effective_from=day, scope="city", body=body)
            )

    def person(self, *vector: float, line: str | None = "safety_officer") -> UUID:
        """Somebody enrolled with one photo, and on the site's roster unless `line` is None."""
        person_id = self.world.person().id
        if line:
            self.world.line(self.site.construction, person_id, line)
        self.enrol(person_id, *vector)
        return person_id

    def enrol(self, person_id: UUID, *vector: float) -> UUID:
        form = EnrolmentForm(f"enrol-{uuid4()}", tuple(ConsentKind), "2026-01")
        photos = [sent(self.engine.photo(*vector))]
        row, _ = enrolment.receive_enrolment(person_id, form, photos, actor=self.world.city, deps=self.deps)
        self.work_off()
        return row.id

    def punch(self, person_id: UUID, *vector: float) -> CheckIn:
        """A check-in of a person with that face, judged."""
        row = self.world.punch(self.site, self.phone(person_id), self.engine.photo(*vector))
        self.work_off()
        return self.again(row.id)

    def again(self, check_in_id: UUID) -> CheckIn:
        with self.deps.database.begin() as work:
            return work.session.get_one(CheckIn, check_in_id)

    def work_off(self) -> None:
        self.deps.queue.work_off(self.deps)  # type: ignore[attr-defined]

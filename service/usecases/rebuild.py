"""Making templates anew from kept enrolment photos after a change of engine: everybody's, or of one who checks in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from face.engines.base import Engine
from face.errors import EngineFailed
from service.deps import Deps
from service.store.models import EnrolmentPhoto, Person, Photo, TemplateRow
from service.store.photos import PhotoStoreDown
from service.store.work import Work
from service.usecases.templates import Made, face_consented, made_of, template_values

#: Why no template was made; beside these the codes of the engine's refusals.
NO_TEMPLATE, NO_CONSENT, PHOTOS_GONE, ENGINE_FAILED = "no_template", "no_consent", "photos_gone", "engine_failed"

#: After so many deaths of a process over a person's photos nobody looks at them again.
MOST_DEATHS = 2

Remakes = Callable[[Sequence[UUID]], Iterable[str | None]]


@dataclass(frozen=True, slots=True)
class _Source:
    """The template in force that is to be made anew, and the photos it was made from."""

    template_id: UUID
    enrolment_id: UUID
    photos: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many templates were made and retired, and why of whom none could be made."""

    made: int
    failed: Mapping[UUID, str]
    retired: int


@dataclass(frozen=True, slots=True)
class Deaths:
    """Over whose photos a process died, so that the next one knows: in a folder, a file a person with a line a death.

    A line names the engine and version that looked: another may see what killed this one.
    """

    folder: Path

    def of(self, person_id: UUID, engine: Engine) -> int:
        """How often this engine and version died over his photos."""
        try:
            return self._file(person_id).read_text(encoding="utf-8").splitlines().count(_line(engine))
        except FileNotFoundError:
            return 0

    @contextmanager
    def feared(self, person_id: UUID, engine: Engine) -> Iterator[None]:
        """A death is written down before it can happen, and taken back by whoever lives to do so."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._file(person_id).open("a", encoding="utf-8") as file:
            file.write(f"{_line(engine)}\n")
        try:
            yield
        finally:
            self._file(person_id).unlink(missing_ok=True)

    def _file(self, person_id: UUID) -> Path:
        return self.folder / str(person_id)


def _line(engine: Engine) -> str:
    return f"{engine.id} {engine.version}"


def rebuild(*, deps: Deps, remakes: Remakes | None = None, keep_others: bool = False) -> Rebuilt:
    """Make everybody's templates anew, and retire the others once all are made; begun again, it does what is left.

    `remakes` calls `remake` for each person in order; whose photos give no template keeps the one he has.
    """
    ids = outdated(deps=deps)
    results = remakes(ids) if remakes else (remake(person_id, deps=deps) for person_id in ids)
    failed = {person_id: why for person_id, why in zip(ids, results, strict=True) if why is not None}
    return Rebuilt(len(ids) - len(failed), failed, 0 if keep_others else retire_others(deps=deps))


def outdated(*, deps: Deps) -> list[UUID]:
    """The persons with a template in force of other engines and versions only, in the order of their ids."""
    engine = deps.engine()
    mine = aliased(TemplateRow)
    has_ours = exists().where(mine.person_id == TemplateRow.person_id, *_ours(mine, engine))
    statement = select(TemplateRow.person_id).where(TemplateRow.retired_at.is_(None), ~has_ours).distinct()
    with deps.database.begin() as work:
        return list(work.session.scalars(statement.order_by(TemplateRow.person_id)))


def remake(person_id: UUID, *, deps: Deps) -> str | None:
    """Make a person's template by today's engine from the photos of his enrolment; None, or the code why not.

    Nothing happens where he has one. Other templates stay in force beside it. No transaction is open while the
    engine looks, about 35 ms a photo.

    Raises:
        PhotoStoreDown: the photo store as a whole does not answer.
    """
    engine = deps.engine()
    while True:
        with deps.database.begin() as work:
            source = _source(work, person_id, engine)
        if not isinstance(source, _Source):
            return source
        made = _made(source, engine, deps)
        if isinstance(made, str):
            return made
        if _keep(person_id, source, made, deps):
            return None


def remake_or_skip(person_id: UUID, deaths: Deaths, *, deps: Deps) -> str | None:
    """`remake`, but `engine_failed` at once for a person over whose photos the engine died twice."""
    engine = deps.engine()
    if deaths.of(person_id, engine) >= MOST_DEATHS:
        return ENGINE_FAILED
    with deaths.feared(person_id, engine):
        return remake(person_id, deps=deps)


def retire_others(*, deps: Deps) -> int:
    """Retire, in one transaction, what other engines and versions made for people who have a template of today's."""
    engine = deps.engine()
    mine = aliased(TemplateRow)
    replaced = exists().where(mine.person_id == TemplateRow.person_id, *_ours(mine, engine))
    ours = (TemplateRow.engine == engine.id) & (TemplateRow.engine_version == engine.version)
    with deps.database.begin() as work:
        retired = update(TemplateRow).where(TemplateRow.retired_at.is_(None), ~ours, replaced)
        count = len(work.session.scalars(retired.values(retired_at=deps.clock.now()).returning(TemplateRow.id)).all())
        if count:
            work.audit("template:retire", engine.id, version=engine.version, count=count)
        return count


def _ours(template: type[TemplateRow], engine: Engine) -> tuple[ColumnElement[bool], ...]:
    return (
        template.retired_at.is_(None),
        template.engine == engine.id,
        template.engine_version == engine.version,
    )


def _source(work: Work, person_id: UUID, engine: Engine) -> _Source | str | None:
    """What to make his template from; None where he has one, a code where nothing can be made."""
    in_force = select(TemplateRow).where(TemplateRow.person_id == person_id, TemplateRow.retired_at.is_(None))
    rows = work.session.scalars(in_force.order_by(TemplateRow.id)).all()
    if any((row.engine, row.engine_version) == (engine.id, engine.version) for row in rows):
        return None
    if not rows:
        return NO_TEMPLATE
    if not face_consented(work, person_id):
        return NO_CONSENT
    newest = rows[-1]
    photos = (
        select(Photo)
        .join(EnrolmentPhoto, EnrolmentPhoto.photo_id == Photo.id)
        .where(EnrolmentPhoto.enrolment_id == newest.enrolment_id)
        .order_by(EnrolmentPhoto.position)
    )
    kept = work.session.scalars(photos).all()
    if not kept or any(photo.deleted_at for photo in kept):
        return PHOTOS_GONE
    return _Source(newest.id, newest.enrolment_id, [photo.id for photo in kept])


def _made(source: _Source, engine: Engine, deps: Deps) -> Made | str:
    try:
        made = made_of(source.photos, engine, deps)
    except EngineFailed:
        return ENGINE_FAILED
    except PhotoStoreDown:
        if not deps.photos.ready():
            raise
        # The store answers; it is these photos that are not there.
        return PHOTOS_GONE
    return made if isinstance(made, Made) else str(made[0]["code"])


def _keep(person_id: UUID, source: _Source, made: Made, deps: Deps) -> bool:
    """False when he was enrolled anew meanwhile: the photos looked at are not his template's any more."""
    with deps.database.begin() as work:
        # The lock of whoever puts an enrolment in force.
        work.session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
        still = select(TemplateRow.id).where(TemplateRow.id == source.template_id, TemplateRow.retired_at.is_(None))
        if work.session.scalar(still) is None or not face_consented(work, person_id):
            return False
        statement = (
            insert(TemplateRow)
            .values(**template_values(person_id, source.enrolment_id, made, deps))
            .on_conflict_do_nothing(
                index_elements=["person_id", "engine", "engine_version"], index_where=text("retired_at IS NULL")
            )
        )
        made_now = work.session.scalar(statement.returning(TemplateRow.id))
        if made_now is not None:
            work.audit("template:rebuild", made_now, engine=made.template.engine, version=made.template.version)
        return True

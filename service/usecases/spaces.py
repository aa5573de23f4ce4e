"""Templates and adaptations as they are kept: opened, and put into the space in which they are compared."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from face.engines.base import Engine, length_of
from face.errors import EngineFailed, EngineUnavailable
from face.space import Adaptation, Space, space_of
from face.template import from_bytes
from service.deps import Deps
from service.store.models import AdaptationRow, TemplateRow
from service.store.vault import SealBroken

Array = npt.NDArray[np.float32]


@dataclass(slots=True)
class _Known:
    """Adaptations never change once they are named, so a process opens each once."""

    adaptations: dict[str, Adaptation] = field(default_factory=dict)


_KNOWN = _Known()


def descriptor_of(row: TemplateRow, engine: Engine, deps: Deps) -> Array:
    """The mean descriptor (length,) of a template made by `engine`.

    Raises:
        EngineUnavailable: it does not open, or is damaged: the check-in's photo is not to blame, and no attempt counts.
    """
    return np.asarray(opened(f"template:{row.id}", row.sealed, engine, deps)[0])


def members_of(row: TemplateRow, engine: Engine, deps: Deps) -> Array:
    """The descriptors (photos, length) a template was made from; the mean alone for one made before they were kept."""
    if row.sealed_members is None:
        return descriptor_of(row, engine, deps)[None]
    return opened(f"members:{row.id}", row.sealed_members, engine, deps)


def space_for(engine: Engine, adaptation: str | None, deps: Deps) -> Space:
    """The engine's space, adapted as the policy names it, or plain.

    Raises:
        EngineUnavailable: the policy names an adaptation that is not there, does not open, or is another engine's.
    """
    if adaptation is None:
        return space_of(engine)
    if adaptation not in _KNOWN.adaptations:
        _KNOWN.adaptations[adaptation] = _load(adaptation, deps)
    try:
        return space_of(engine, _KNOWN.adaptations[adaptation])
    except EngineFailed as error:
        raise EngineUnavailable(f"the policy names {adaptation}: {error}") from error


def _load(name: str, deps: Deps) -> Adaptation:
    with deps.database.begin() as work:
        row = work.session.scalars(select(AdaptationRow).where(AdaptationRow.name == name)).one_or_none()
    if row is None:
        raise EngineUnavailable(f"the policy names the adaptation {name}, which was never learned")
    try:
        return Adaptation.from_bytes(deps.vault.open(f"adaptation:{name}", row.sealed))
    except (SealBroken, EngineFailed) as error:
        raise EngineUnavailable(f"the adaptation {name} does not open: is a key missing?") from error


def opened(owner: str, sealed: bytes, engine: Engine, deps: Deps) -> Array:
    """Sealed descriptors of an engine, (n, length); EngineUnavailable when they do not open or are damaged."""
    try:
        return from_bytes(deps.vault.open(owner, sealed), length_of(engine.parts))
    except SealBroken as error:
        raise EngineUnavailable("a template does not open: is a key missing?") from error
    except EngineFailed as error:
        raise EngineUnavailable("a template is damaged") from error

"""Key mapping (键值映射): what another system calls a thing and what it is here; words by the city, keys by runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from service.domain.actors import Permission
from service.domain.certificates import CertificateStatus
from service.domain.exchange import Peer
from service.domain.identifiers import DocumentKind
from service.domain.roster import Basis
from service.domain.sites import ProjectKind, ProjectState, UnitRoleKind
from service.errors import fault
from service.store.base import new_id
from service.store.models import CertificateType, District, KeyMapping, Post, SupervisingBody
from service.store.work import Work
from service.usecases.registers import Register

_TABLES = {
    "post": Post.code,
    "district": District.code,
    "body": SupervisingBody.code,
    "certificate_type": CertificateType.code,
}
_KINDS: dict[str, type[StrEnum]] = {
    "basis": Basis,
    "certificate_status": CertificateStatus,
    "document_kind": DocumentKind,
    "project_kind": ProjectKind,
    "project_state": ProjectState,
    "unit_role": UnitRoleKind,
}
#: The things whose words can be mapped; keys of records are kept by the runs that read them.
WORDS = (*_TABLES, *_KINDS)


def _require_code(work: Work, row: KeyMapping | None, values: Mapping[str, Any]) -> None:
    """`unknown_reference` unless the word is mapped to a code we have; a key of a record is nobody's to write."""
    thing = row.thing if row else values["thing"]
    if thing not in WORDS:
        raise fault("kept_by_runs", "thing", thing=thing)
    if "internal_key" in values and values["internal_key"] not in _codes(work, thing):
        raise fault("unknown_reference", "internal_key")


KEY_MAPPINGS = Register(
    "key_mapping",
    KeyMapping,
    KeyMapping.id,
    Permission.SYNC_READ,
    Permission.REFERENCE_WRITE,
    filters={"peer": KeyMapping.peer, "thing": KeyMapping.thing, "external_key": KeyMapping.external_key},
    check=_require_code,
)


@dataclass(frozen=True, slots=True)
class KeptKey:
    """Which record of ours a peer's is, and when the peer had changed the one that was last taken."""

    row_id: UUID
    changed_at: datetime | None


class MappedWords:
    """A peer's words as they are mapped now; `used` are those that were needed."""

    def __init__(self, work: Work, peer: Peer) -> None:
        self._work, self._peer = work, peer
        statement = select(KeyMapping.thing, KeyMapping.external_key, KeyMapping.internal_key)
        rows = work.session.execute(statement.where(KeyMapping.peer == peer, KeyMapping.thing.in_(WORDS)))
        self._mapped: dict[tuple[str, str], str] = {(row.thing, row.external_key): row.internal_key for row in rows}
        self._codes: dict[str, frozenset[str]] = {}
        self._used: set[tuple[str, str]] = set()

    def __call__(self, thing: str, word: str) -> str | None:
        """Our code: what somebody mapped the word to, or the word where it is a code of ours."""
        code = self._mapped.get((thing, word))
        if code is not None:
            self._used.add((thing, word))
            return code
        if thing not in self._codes:
            self._codes[thing] = _codes(self._work, thing)
        return word if word in self._codes[thing] else None

    def note_used(self) -> None:
        """Say of the mappings that were needed that they are in use."""
        if not self._used:
            return
        m = KeyMapping
        used = select(m.id).where(m.peer == self._peer, tuple_(m.thing, m.external_key).in_(sorted(self._used)))
        # Locked in one order, so that two who use the same words never wait for one another.
        locked = used.order_by(m.thing, m.external_key).with_for_update().cte("used")
        words = update(m).where(m.id.in_(select(locked.c.id))).values(used_at=self._work.clock.now())
        self._work.session.execute(words.execution_options(synchronize_session=False))


def kept_keys(work: Work, peer: Peer, thing: str, keys: Iterable[str]) -> dict[str, KeptKey]:
    """By key of a peer's record what we know of it, as far as we do."""
    m = KeyMapping
    statement = select(m.external_key, m.internal_key, m.changed_at).where(m.peer == peer, m.thing == thing)
    rows = work.session.execute(statement.where(m.external_key.in_(set(keys))))
    return {row.external_key: KeptKey(UUID(row.internal_key), row.changed_at) for row in rows}


def keep_keys(work: Work, peer: Peer, thing: str, keys: Mapping[str, KeptKey]) -> None:
    """Keep which record of ours each key of a peer's record is; a key that moved is followed."""
    rows = [
        {"id": new_id(), "created_at": work.clock.now(), "version": 1, "peer": peer, "thing": thing}
        | {"external_key": key, "internal_key": str(keys[key].row_id), "changed_at": keys[key].changed_at}
        for key in sorted(keys)
    ]
    if not rows:
        return
    statement = insert(KeyMapping).values(rows)
    told = statement.excluded
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=["peer", "thing", "external_key"],
            set_={"internal_key": told.internal_key, "changed_at": told.changed_at},
            where=tuple_(KeyMapping.internal_key, KeyMapping.changed_at).is_distinct_from(
                tuple_(told.internal_key, told.changed_at)
            ),
        )
    )


def _codes(work: Work, thing: str) -> frozenset[str]:
    if thing in _KINDS:
        return frozenset(_KINDS[thing])
    return frozenset(work.session.scalars(select(_TABLES[thing])))

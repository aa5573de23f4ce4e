"""Locks on what is no row yet: held until the transaction ends, waited for like a row's."""

from hashlib import blake2b

from sqlalchemy import text

from service.store.work import Work


def hold(work: Work, *names: object) -> None:
    """Keep everybody else who holds or shares this name waiting until the transaction ends."""
    work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(names)})


def share(work: Work, *names: object) -> None:
    """Keep whoever wants to hold this name waiting; many may share it."""
    work.session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _key(names)})


def _key(names: tuple[object, ...]) -> int:
    digest = blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)

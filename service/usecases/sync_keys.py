"""Keys of a peer whose record got another number: the row they mean follows, where the number is nobody else's."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select, text, tuple_

from service.deps import Deps
from service.domain.exchange import Peer
from service.domain.records import CertificateRecord, ProjectRecord, Record
from service.domain.sources import Source
from service.store.models import Certificate, Filing, Person
from service.store.work import Work


def follow(work: Work, peer: Peer, rows: Mapping[str, UUID], told: Mapping[str, Record], deps: Deps) -> list[str]:
    """Give the rows of these keys the numbers they are told with now; the keys for which that could not be.

    Those mean another row from now on, and nobody confirms the one they meant before.
    """
    if peer is Peer.FILING_SYSTEM:
        return _filings(work, rows, {key: each for key, each in told.items() if isinstance(each, ProjectRecord)})
    return _certificates(
        work, rows, {key: each for key, each in told.items() if isinstance(each, CertificateRecord)}, deps
    )


def _filings(work: Work, rows: Mapping[str, UUID], told: Mapping[str, ProjectRecord]) -> list[str]:
    statement = select(Filing).where(Filing.id.in_(rows.values()))
    kept = {row.id: row for row in work.session.scalars(statement)}
    news = {
        key: each.filing_number
        for key, each in told.items()
        if rows[key] in kept and kept[rows[key]].number != each.filing_number
    }
    if not news:
        return []
    # Before the first is renamed, as usecases/bulk/projects.py does before it writes any.
    work.session.execute(text("LOCK TABLE filing IN SHARE ROW EXCLUSIVE MODE"))
    taken = set(work.session.scalars(select(Filing.number).where(Filing.number.in_(news.values()))))
    moved = []
    for key, number in news.items():
        if number in taken:
            moved.append(key)
        else:
            taken.add(number)
            _rename(work, kept[rows[key]], number, Source.FILING_SYSTEM)
    return moved


def _certificates(work: Work, rows: Mapping[str, UUID], told: Mapping[str, CertificateRecord], deps: Deps) -> list[str]:
    statement = select(Certificate, Person.document_hash).join(Person, Person.id == Certificate.person_id)
    found = work.session.execute(statement.where(Certificate.id.in_(rows.values()))).all()
    kept = {row.id: (row, digest) for row, digest in found}
    news = {
        key: each
        for key, each in told.items()
        if rows[key] in kept
        and (kept[rows[key]][0].type_code, kept[rows[key]][0].number) != (each.type_code, each.number)
    }
    names = tuple_(Certificate.type_code, Certificate.number)
    wanted = {(each.type_code, each.number) for each in news.values()}
    taken = (
        {tuple(row) for row in work.session.execute(select(*names.clauses).where(names.in_(wanted)))} if news else set()
    )
    moved = []
    for key, each in news.items():
        row, holder = kept[rows[key]]
        same = row.type_code == each.type_code and holder == deps.vault.digest(
            "document", each.document.number.encode()
        )
        if not same or (each.type_code, each.number) in taken:
            moved.append(key)
        else:
            taken.add((each.type_code, each.number))
            _rename(work, row, each.number, Source.CERTIFICATE_REGISTRY)
    return moved


def _rename(work: Work, row: Filing | Certificate, number: str, source: Source) -> None:
    row.number = number
    work.save()
    work.audit(f"{row.__tablename__}:change", row.id, source=str(source), fields=["number"])

"""Certificates taken in bulk: of people who are known, with their status history, confirmed or changed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from service.deps import Deps
from service.domain.actors import Role, Scope
from service.domain.calendar import business_day
from service.domain.certificates import CertificateStatus
from service.domain.findings.base import FindingKind, Rule
from service.domain.records import CertificateRecord, Document, Origin, PersonRecord, Result, UnitRecord
from service.domain.sites import TeamKind
from service.domain.sources import Source
from service.domain.topics import Topic
from service.store.models import Certificate, CertificateStatusRow, Finding, Outbox
from service.store.queries.certificates import status_on
from tests.bulk import person_number, refusals, results, statements, taken, unit_record
from tests.factories import NUMBERS, World


def document(deps: Deps, name: str = "张三") -> Document:
    """Somebody who is registered."""
    his = Document(person_number(), name)
    taken(deps, [PersonRecord(his)])
    return his


def certificate(his: Document, **fields: Any) -> CertificateRecord:
    number = f"沪B{next(NUMBERS):06d}"
    return CertificateRecord(his, "safety_b", number, date(2024, 1, 1), date(2027, 1, 1), **fields)


def stored(deps: Deps, record: CertificateRecord) -> Certificate:
    with deps.database.begin() as work:
        return work.session.scalars(select(Certificate).where(Certificate.number == record.number)).one()


def status_of(deps: Deps, record: CertificateRecord) -> CertificateStatus:
    today = business_day(deps.clock.now())
    with deps.database.begin() as work:
        return work.session.scalars(select(status_on(today)).where(Certificate.number == record.number)).one()


def history(deps: Deps, record: CertificateRecord) -> list[tuple[CertificateStatus, date]]:
    of_it = CertificateStatusRow.certificate_id == stored(deps, record).id
    with deps.database.begin() as work:
        rows = work.session.scalars(select(CertificateStatusRow).where(of_it).order_by(CertificateStatusRow.id))
        return [(row.status, row.from_on) for row in rows]


@pytest.fixture
def registry(deps: Deps) -> Origin:
    return Origin(Source.CERTIFICATE_REGISTRY, checked_at=deps.clock.now())


def test_a_certificate_is_made_once_and_then_unchanged(deps: Deps) -> None:
    record = certificate(document(deps), unit=unit_record(), specialty="房屋建筑")
    assert results(taken(deps, [record])) == [Result.CREATED]
    row = stored(deps, record)
    assert (row.valid_from, row.valid_until, row.specialty) == (date(2024, 1, 1), date(2027, 1, 1), "房屋建筑")
    assert (row.source, row.checked_at, row.version, row.unit_id is None) == (Source.SPREADSHEET, None, 1, False)
    assert results(taken(deps, [record, record])) == [Result.UNCHANGED] * 2
    assert (stored(deps, record).version, history(deps, record)) == (1, [])


def test_a_registry_confirms_what_it_does_not_change(deps: Deps, registry: Origin) -> None:
    record = certificate(document(deps))
    taken(deps, [record])
    assert results(taken(deps, [record], registry)) == [Result.UNCHANGED]
    row = stored(deps, record)
    assert (row.source, row.checked_at, row.version) == (Source.CERTIFICATE_REGISTRY, registry.checked_at, 1)


def test_what_is_told_changes_and_what_is_not_stays(deps: Deps) -> None:
    record = certificate(document(deps), unit=unit_record(), specialty="房屋建筑")
    taken(deps, [record])
    before = stored(deps, record)
    renewed = replace(record, valid_until=date(2030, 1, 1), unit=None, specialty=None)
    assert results(taken(deps, [renewed])) == [Result.CHANGED]
    row = stored(deps, record)
    assert (row.valid_until, row.unit_id, row.specialty) == (date(2030, 1, 1), before.unit_id, "房屋建筑")
    assert row.version == 2


def test_a_status_is_added_to_the_history_once(deps: Deps, registry: Origin) -> None:
    today = business_day(deps.clock.now())
    record = certificate(document(deps))
    taken(deps, [record])
    suspended = replace(record, status=CertificateStatus.SUSPENDED, status_from=date(2026, 2, 1))
    assert results(taken(deps, [suspended], registry)) == [Result.CHANGED]
    assert results(taken(deps, [suspended], registry)) == [Result.UNCHANGED]
    assert status_of(deps, record) is CertificateStatus.SUSPENDED
    # The word that every spreadsheet has lifts no suspension; the registry's does.
    assert results(taken(deps, [record])) == [Result.UNCHANGED]
    lifted = replace(record, status_from=date(2026, 1, 15))
    assert results(taken(deps, [lifted], registry)) == [Result.CHANGED]
    assert results(taken(deps, [lifted], registry)) == [Result.UNCHANGED]
    assert history(deps, record) == [
        (CertificateStatus.SUSPENDED, date(2026, 2, 1)),
        (CertificateStatus.VALID, today),
    ]
    assert status_of(deps, record) is CertificateStatus.VALID


def test_a_status_to_come_waits_in_the_history(deps: Deps, registry: Origin) -> None:
    tomorrow = business_day(deps.clock.now()) + timedelta(days=1)
    record = certificate(document(deps), status=CertificateStatus.REVOKED, status_from=tomorrow)
    assert results(taken(deps, [record], registry)) == [Result.CREATED]
    assert results(taken(deps, [record], registry)) == [Result.UNCHANGED]
    assert status_of(deps, record) is CertificateStatus.VALID
    assert history(deps, record) == [(CertificateStatus.REVOKED, tomorrow)]


def test_what_is_wrong_is_told_row_by_row(deps: Deps) -> None:
    his, other = document(deps), document(deps, "李四")
    record = certificate(his)
    taken(deps, [record])
    batch = [
        certificate(Document(person_number(), "王五")),
        certificate(replace(his, name="王五")),
        replace(record, document=other, valid_until=None),
        replace(certificate(his), type_code="no_such_type"),
        replace(certificate(his), valid_until=date(2023, 12, 31)),
        certificate(his, unit=UnitRecord(unit_record().credit_code)),
        certificate(his),
        replace(certificate(his), number="0"),
    ]
    batch.append(replace(batch[7], valid_from=date(2025, 1, 1)))
    answers = taken(deps, batch)
    assert refusals(answers) == [
        ("unknown_person", "document.number"),
        ("name_conflict", "document.name"),
        ("certificate_of_other", "number"),
        ("unknown_reference", "type_code"),
        ("validity_in_order", "valid_until"),
        ("unknown_reference", "unit.credit_code"),
        ("repeated_otherwise", "valid_from"),
    ]
    assert results(answers[6:8]) == [Result.CREATED] * 2
    assert stored(deps, record).valid_until == date(2027, 1, 1)


def test_only_people_with_open_findings_are_looked_at_again(world: World, deps: Deps) -> None:
    site = world.site()
    people = [document(deps), document(deps)]
    ids = [each.id for each in taken(deps, [PersonRecord(each) for each in people])]
    for person_id in ids:
        assert person_id
        world.line(site.construction, person_id)
    with deps.database.begin() as work:
        finding = {"rule": Rule.CERTIFICATE_MISSING, "kind": FindingKind.CERTIFICATE, "rule_version": "1", "key": "k"}
        finding |= {"project_id": site.project_id, "team_kind": TeamKind.CONSTRUCTION, "month": date(2026, 3, 1)}
        work.add(Finding(**finding, person_id=ids[0], evidence={}))
    taken(deps, [certificate(each) for each in people])
    with deps.database.begin() as work:
        changed = select(Outbox.subject_id).where(Outbox.topic == Topic.CERTIFICATE_CHANGED)
        assert work.session.scalars(changed).all() == ids[:1]


def test_whoever_reaches_the_person_writes_his_certificates(world: World, deps: Deps) -> None:
    site, his = world.site(), document(deps)
    clerk = Origin(Source.SPREADSHEET, world.actor(Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    record = certificate(his)
    assert refusals(taken(deps, [record], clerk)) == [("no_line_in_force", "document.number")]
    person_id = taken(deps, [PersonRecord(his)])[0].id
    assert person_id
    world.line(site.construction, person_id)
    assert results(taken(deps, [record], clerk)) == [Result.CREATED]
    # He may name units that are known, and makes none.
    new_unit = certificate(his, unit=unit_record())
    assert refusals(taken(deps, [new_unit], clerk)) == [("unknown_reference", "unit.credit_code")]


def test_a_file_gives_nothing_back_that_the_registry_took_away(world: World, deps: Deps) -> None:
    site, his, other = world.site(), document(deps), document(deps)
    office = world.actor(Role.PROJECT_OFFICE, Scope.TEAM, site.construction)
    for each in (his, other):
        person_id = taken(deps, [PersonRecord(each)])[0].id
        assert person_id
        world.line(site.construction, person_id)
    his_id = taken(deps, [PersonRecord(his)])[0].id
    registry = Origin(Source.CERTIFICATE_REGISTRY, checked_at=deps.clock.now())
    record, valid = certificate(his, status=CertificateStatus.REVOKED), certificate(other)
    taken(deps, [record, valid], registry)
    today = business_day(deps.clock.now())
    back = replace(record, status=CertificateStatus.VALID, status_from=today)
    suspended = replace(valid, status=CertificateStatus.SUSPENDED, status_from=today)
    refused, changed = taken(deps, [back, suspended], Origin(Source.SPREADSHEET, office))
    assert refusals([refused]) == [("registry_said_otherwise", "status")]
    assert changed.result is Result.CHANGED
    himself = Origin(Source.SPREADSHEET, replace(office, person_id=his_id))
    own = replace(record, status=CertificateStatus.CANCELLED, status_from=today)
    assert refusals(taken(deps, [own], himself)) == [("own_affair", "status")]
    body = Origin(Source.SPREADSHEET, world.actor(Role.OFFICER, Scope.BODY, site.body))
    assert results(taken(deps, [back], body)) == [Result.CHANGED]


def test_two_callers_at_once_make_each_certificate_and_status_once(meeting_deps: Deps) -> None:
    his = document(meeting_deps)
    records = [certificate(his, status=CertificateStatus.SUSPENDED) for _ in range(40)]
    ready = Barrier(2)

    def load(batch: list[CertificateRecord]) -> list[Result]:
        ready.wait(timeout=10)
        return results(taken(meeting_deps, batch))

    with ThreadPoolExecutor(2) as pool:
        forward, backward = pool.submit(load, records), pool.submit(load, records[::-1])
        pairs = zip(forward.result(timeout=60), backward.result(timeout=60)[::-1], strict=True)
    assert {frozenset(pair) for pair in pairs} == {frozenset({Result.CREATED, Result.UNCHANGED})}
    with meeting_deps.database.begin() as work:
        for model in (Certificate, CertificateStatusRow):
            assert work.session.scalar(select(func.count()).select_from(model)) == 40


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(meeting_deps: Deps) -> None:
    his, counts = document(meeting_deps), []
    for size in (10, 500):
        records = [certificate(his, unit=unit_record(), status=CertificateStatus.SUSPENDED) for _ in range(size)]
        with statements(meeting_deps) as first:
            taken(meeting_deps, records)
        renewed = [replace(record, valid_until=None) for record in records]
        with statements(meeting_deps) as again:
            taken(meeting_deps, renewed)
        counts.append((len(first), len(again)))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 15


def test_statuses_that_somebody_gives_back_take_the_same_number_of_statements_too(
    world: World, deps: Deps, registry: Origin
) -> None:
    site, his = world.site(), document(deps)
    person_id = taken(deps, [PersonRecord(his)])[0].id
    assert person_id
    world.line(site.construction, person_id)
    body = Origin(Source.SPREADSHEET, world.actor(Role.OFFICER, Scope.BODY, site.body))
    today, counts = business_day(deps.clock.now()), []
    for size in (5, 50):
        revoked = [certificate(his, status=CertificateStatus.REVOKED) for _ in range(size)]
        taken(deps, revoked, registry)
        back = [replace(each, status=CertificateStatus.VALID, status_from=today) for each in revoked]
        with statements(deps) as sent:
            assert results(taken(deps, back, body)) == [Result.CHANGED] * size
        counts.append(len(sent))
    assert counts[0] == counts[1]

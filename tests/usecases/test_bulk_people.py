"""People, units and employments taken in bulk: each row by itself, each row once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select, update
from stdnum.cn import ric

from service.deps import Deps
from service.domain.actors import Role, Scope
from service.domain.calendar import business_day
from service.domain.records import Document, Origin, PersonRecord, Record, Result, Taken, UnitRecord
from service.domain.sources import Source
from service.errors import ServiceError
from service.store.models import Audit, Employment, Person, Unit
from service.usecases import phone_hashes
from service.usecases.bulk import take
from tests.bulk import SHEET, person_number, refusals, results, statements, taken, unit_record
from tests.factories import NUMBERS, World


def told(name: str = "张三", **fields: Any) -> PersonRecord:
    return PersonRecord(Document(person_number(), name), **fields)


def audits(deps: Deps) -> list[tuple[str, dict[str, Any]]]:
    with deps.database.begin() as work:
        rows = work.session.scalars(select(Audit).where(Audit.actor_id.is_(None)).order_by(Audit.id))
        return [(row.action, row.data) for row in rows if row.data.get("source") == "spreadsheet"]


def employments(deps: Deps, person: Taken) -> list[tuple[date, date | None]]:
    with deps.database.begin() as work:
        statement = select(Employment.starts_on, Employment.ends_on).where(Employment.person_id == person.id)
        return [tuple(row) for row in work.session.execute(statement.order_by(Employment.starts_on))]


def test_a_new_person_is_registered_with_unit_phone_and_employment(deps: Deps) -> None:
    record = told(phone="13900001234", unit=unit_record(), employed_from=date(2020, 1, 1))
    [made] = taken(deps, [record])
    assert made.result is Result.CREATED
    with deps.database.begin() as work:
        person = work.session.get_one(Person, made.id)
        unit_id = work.session.scalar(select(Unit.id).where(Unit.credit_code == record.unit.credit_code))
        [employment] = work.session.scalars(select(Employment).where(Employment.person_id == person.id)).all()
    assert (person.name, person.version, person.source) == ("张三", 1, Source.SPREADSHEET)
    assert person.document_tail == record.document.number[-4:]
    number = record.document.number.encode()
    assert deps.vault.open(f"document:{person.document_hash.hex()}", person.document_sealed) == number
    assert deps.vault.open(f"phone:{person.id}", person.phone_sealed or b"") == b"13900001234"
    assert person.phone_hash == deps.vault.digest("phone", b"13900001234")
    assert (employment.unit_id, employment.starts_on, employment.ends_on) == (unit_id, date(2020, 1, 1), None)
    assert sorted(audits(deps)) == [
        ("employment:create", {"source": "spreadsheet"}),
        ("person:create", {"source": "spreadsheet"}),
        ("unit:create", {"source": "spreadsheet"}),
    ]


def test_the_same_people_again_are_unchanged_and_write_nothing(deps: Deps) -> None:
    records = [told(phone="13900001234", unit=unit_record()), told("李四"), told("王 五", unit=unit_record())]
    first = taken(deps, records)
    written = audits(deps)
    again = taken(deps, records)
    assert results(again) == [Result.UNCHANGED] * 3
    assert [each.id for each in again] == [each.id for each in first]
    assert audits(deps) == written


def test_a_name_with_blanks_or_composed_otherwise_is_the_same_name(deps: Deps) -> None:
    number = person_number()
    names = ["张 三", " 张三", "张\u3000三", "张·三", "\u202d张三\u202c"]
    assert results(taken(deps, [PersonRecord(Document(number, "张三"))])) == [Result.CREATED]
    for name in names:
        assert results(taken(deps, [PersonRecord(Document(number, name))])) == [Result.UNCHANGED]
    other = person_number()
    taken(deps, [PersonRecord(Document(other, "Jose\u0301"))])
    assert results(taken(deps, [PersonRecord(Document(other, "José"))])) == [Result.UNCHANGED]


def test_who_is_not_born_yet_is_not_registered_and_what_hides_in_a_name_is_not_kept(deps: Deps) -> None:
    stem = f"31999920260303{next(NUMBERS) % 1000:03d}"
    unborn = Document(stem + ric.calc_check_digit(f"{stem}0"), "张三")
    refused, made = taken(deps, [PersonRecord(unborn, unit=unit_record()), told("\u202e张\u200b三")])
    assert refusals([refused]) == [("birth_to_come", "document.number")]
    with deps.database.begin() as work:
        assert work.session.get_one(Person, made.id).name == "张三"


def test_another_name_is_a_conflict_that_tells_nothing_and_hinders_nobody(deps: Deps) -> None:
    number = person_number()
    taken(deps, [PersonRecord(Document(number, "张三"))])
    news = [PersonRecord(Document(number, "李四"), phone="13900001234", unit=unit_record()), told("王五")]
    refused, made = taken(deps, news)
    assert refusals([refused]) == [("name_conflict", "document.name")]
    assert refused.problems[0].data == {}
    assert made.result is Result.CREATED
    with deps.database.begin() as work:
        person = work.session.scalars(select(Person).where(Person.document_tail == number[-4:])).first()
        assert person is not None
        assert (person.name, person.phone_tail) == ("张三", None)
        # Nor is the unit made that only the refused record names.
        assert work.session.scalar(select(Unit.id).where(Unit.credit_code == news[0].unit.credit_code)) is None


def test_a_wrong_name_first_hinders_not_the_right_one_after_it(deps: Deps) -> None:
    right = told(phone="13900001234")
    taken(deps, [right])
    wrong = replace(right, document=replace(right.document, name="李四"))
    assert results(taken(deps, [wrong, right])) == [Result.REFUSED, Result.UNCHANGED]


def test_another_phone_is_taken_and_one_that_is_not_told_stays(deps: Deps) -> None:
    record = told(phone="13900001234")
    [made] = taken(deps, [record])
    assert results(taken(deps, [replace(record, phone=None)])) == [Result.UNCHANGED]
    # The same last four digits are not the same number.
    assert results(taken(deps, [replace(record, phone="13800001234")])) == [Result.CHANGED]
    with deps.database.begin() as work:
        person = work.session.get_one(Person, made.id)
        assert deps.vault.open(f"phone:{person.id}", person.phone_sealed or b"") == b"13800001234"
        assert person.version == 2
    assert audits(deps)[-1] == ("person:change", {"source": "spreadsheet", "fields": ["phone"]})


def test_a_phone_of_before_phones_had_hashes_is_found_once_it_is_told_again_or_all_are_filled(deps: Deps) -> None:
    records = [told(phone="13900001234"), told("李四", phone="13900005678"), told("王五")]
    ids = [each.id for each in taken(deps, records)]

    def hashes() -> list[tuple[bytes | None, int]]:
        with deps.database.begin() as work:
            people = [work.session.get_one(Person, each, populate_existing=True) for each in ids]
            return [(person.phone_hash, person.version) for person in people]

    before = hashes()
    with deps.database.begin() as work:
        work.session.execute(update(Person).values(phone_hash=None))
    assert results(taken(deps, records[:1])) == [Result.UNCHANGED]
    assert hashes() == [before[0], (None, 1), (None, 1)]
    assert (phone_hashes.fill_all(deps=deps), hashes()) == ((1, 0), before)
    with deps.database.begin() as work:
        work.session.execute(update(Person).where(Person.id == ids[0]).values(phone_hash=None, phone_sealed=b"x" * 40))
    assert [phone_hashes.fill_all(deps=deps) for _ in range(2)] == [(0, 1)] * 2


def test_employments_begin_go_on_and_end(deps: Deps) -> None:
    today = business_day(deps.clock.now())
    unit, other = unit_record(), unit_record()
    record = told(unit=unit)
    [made] = taken(deps, [record])
    assert employments(deps, made) == [(today, None)]
    assert results(taken(deps, [replace(record, unit=other)])) == [Result.CHANGED]
    assert employments(deps, made) == [(today, None), (today, None)]
    until = today + timedelta(days=30)
    ended = replace(record, employed_until=until)
    assert results(taken(deps, [ended])) == [Result.CHANGED]
    assert results(taken(deps, [ended])) == [Result.UNCHANGED]
    assert set(employments(deps, made)) == {(today, until), (today, None)}
    past = replace(record, employed_from=date(2010, 1, 1), employed_until=date(2012, 1, 1))
    assert results(taken(deps, [past])) == [Result.CHANGED]
    assert employments(deps, made)[0] == (date(2010, 1, 1), date(2012, 1, 1))


def test_dates_of_employment_are_in_order(deps: Deps) -> None:
    backwards = told(unit=unit_record(), employed_from=date(2020, 2, 1), employed_until=date(2020, 1, 1))
    over = told(unit=unit_record(), employed_until=date(2020, 1, 1))
    assert refusals(taken(deps, [backwards, over])) == [("dates_in_order", "employed_until")] * 2
    with deps.database.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(Person)) == 0


def test_an_unknown_unit_without_a_name_is_refused(deps: Deps) -> None:
    unit = unit_record()
    nameless = UnitRecord(unit.credit_code)
    assert refusals(taken(deps, [told(unit=nameless)])) == [("unknown_reference", "unit.credit_code")]
    # Somebody else in the batch may name it.
    assert results(taken(deps, [told(unit=unit), told(unit=nameless)])) == [Result.CREATED] * 2


def test_one_document_twice_in_a_batch(deps: Deps) -> None:
    record = told(phone="13900001234", unit=unit_record())
    second = unit_record()
    batch = [
        record,
        record,
        replace(record, document=replace(record.document, name="李四")),
        replace(record, phone="13900009999"),
        replace(record, phone=None, unit=second),
        replace(record, phone=None, unit=second, employed_until=date(2030, 1, 1)),
    ]
    answers = taken(deps, batch)
    assert results(answers[:2]) == [Result.CREATED, Result.UNCHANGED]
    assert answers[1].id == answers[0].id
    assert results(answers[4:5]) == [Result.CHANGED]
    problems = [answers[at].problems[0] for at in (2, 3, 5)]
    assert [(p.code, p.field, p.data) for p in problems] == [
        ("repeated_otherwise", "document.name", {"first": 0}),
        ("repeated_otherwise", "phone", {"first": 0}),
        ("repeated_otherwise", "employed_until", {"first": 4}),
    ]
    assert len(employments(deps, answers[0])) == 2


def test_two_spellings_of_one_name_in_a_batch_are_one_person(deps: Deps) -> None:
    one = told("阿卜杜拉·买买提", phone="13900001234")
    other = replace(one, document=replace(one.document, name="阿卜杜拉•买买提"))
    answers = taken(deps, [one, other, replace(other, unit=unit_record())])
    assert results(answers) == [Result.CREATED, Result.UNCHANGED, Result.CHANGED]


def test_a_repetition_of_a_refused_record_is_refused_like_it(deps: Deps) -> None:
    record = told(unit=UnitRecord(unit_record().credit_code))
    assert refusals(taken(deps, [record, record])) == [("unknown_reference", "unit.credit_code")] * 2


def test_two_callers_at_once_make_each_person_unit_and_employment_once(meeting_deps: Deps) -> None:
    units = [unit_record() for _ in range(5)]
    records = [told(phone="13900001234", unit=units[at % 5]) for at in range(60)]
    ready = Barrier(2)

    def load(batch: list[Record]) -> list[Taken]:
        ready.wait(timeout=10)
        return taken(meeting_deps, batch)

    with ThreadPoolExecutor(2) as pool:
        forward, backward = pool.submit(load, records), pool.submit(load, records[::-1])
        one, other = forward.result(timeout=60), backward.result(timeout=60)[::-1]
    assert {frozenset(pair) for pair in zip(results(one), results(other), strict=True)} == {
        frozenset({Result.CREATED, Result.UNCHANGED})
    }
    assert [each.id for each in one] == [each.id for each in other]
    with meeting_deps.database.begin() as work:
        for model, count in ((Person, 60), (Employment, 60), (Unit, 5), (Audit, 125)):
            assert work.session.scalar(select(func.count()).select_from(model)) == count


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(meeting_deps: Deps) -> None:
    counts = []
    for size in (10, 500):
        records = [told(phone="13900001234", unit=unit_record()) for _ in range(size)]
        with statements(meeting_deps) as first:
            taken(meeting_deps, records)
        with statements(meeting_deps) as again:
            taken(meeting_deps, records)
        counts.append((len(first), len(again)))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 15


def test_whoever_may_not_write_people_takes_none(world: World, deps: Deps) -> None:
    actor = world.actor(Role.CLIENT, Scope.PROJECT, world.site().project_id)
    with pytest.raises(ServiceError) as error:
        taken(deps, [told()], Origin(Source.SPREADSHEET, actor))
    assert error.value.code == "forbidden"


def test_a_clerk_registers_people_and_changes_only_those_within_reach(world: World, deps: Deps) -> None:
    site = world.site()
    clerk = Origin(Source.SPREADSHEET, world.actor(Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    his, other = told("张三", phone="13900001234"), told("李四", phone="13900001234")
    assert results(taken(deps, [his], clerk)) == [Result.CREATED]
    taken(deps, [other])
    news = [replace(each, phone="13900009999") for each in (his, other)]
    changed, refused = taken(deps, news, clerk)
    assert changed.result is Result.CHANGED
    assert refusals([refused]) == [("no_line_in_force", "phone")]
    assert results(taken(deps, [replace(other, phone=None)], clerk)) == [Result.UNCHANGED]
    # Whom somebody works for is not his to say.
    assert refusals(taken(deps, [told(unit=unit_record())], clerk)) == [("forbidden", "unit")]


def test_a_dry_run_leaves_nothing(deps: Deps) -> None:
    records = [told(unit=unit_record())]
    with deps.database.begin() as work:
        assert results(take(work, records, SHEET, deps)) == [Result.CREATED]
        work.session.rollback()
    assert results(taken(deps, records)) == [Result.CREATED]

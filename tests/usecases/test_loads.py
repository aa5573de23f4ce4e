"""Loads of spreadsheets: whole rows or none, the same again nothing, corrected and sent again, killed and resumed."""

import threading
from collections.abc import Sequence
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select, text

from service.deps import Deps
from service.domain.actors import Role, Scope
from service.domain.exchange import RunState, Things
from service.domain.records import CertificateRecord, Document, Origin
from service.domain.sites import BodyKind
from service.domain.sources import Source
from service.errors import ServiceError
from service.store.models import Account, Audit, Photo, SpreadsheetLoad
from service.store.models import Person as PersonRow
from service.store.work import Work
from service.usecases import loads, loads_run, loads_sent, registers
from service.usecases.dispatch import dispatch
from service.usecases.loads import Loaded, Progress, Watch, load_rows
from service.usecases.loads_memory import Memory
from service.usecases.loads_sent import KEPT, LoadForm
from service.usecases.retention import delete_expired
from tests.factories import World
from tests.fakes import HeldQueue, SetClock
from tests.spreadsheets import csv_file, number, people, saved, workbook

ORIGIN = Origin(Source.SPREADSHEET)
CREDIT_CODE = "91310000MA1FL0000N"


def loaded(data: bytes, deps: Deps, **options: Any) -> Loaded:
    return load_rows(data, Things.PEOPLE, ORIGIN, deps=deps, **options)


def counted(result: Loaded) -> tuple[int, int, int, int]:
    created, changed, unchanged, refused = result.progress.counts.values()
    return created, changed, unchanged, refused


def known(deps: Deps) -> int:
    with deps.database.begin() as work:
        return work.session.scalar(select(func.count()).select_from(PersonRow)) or 0


def told(result: Loaded) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.code) for each in result.progress.problems]


def test_the_same_file_again_changes_nothing(deps: Deps) -> None:
    data = workbook(people(30))
    assert counted(loaded(data, deps)) == (30, 0, 0, 0)
    with deps.database.begin() as work:
        audits = work.session.scalar(select(func.count()).select_from(Audit))
    again = loaded(csv_file(people(30)).encode("gbk"), deps)
    assert (counted(again), again.errors) == ((0, 0, 30, 0), None)
    with deps.database.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(Audit)) == audits


def test_refused_rows_are_corrected_in_their_file_and_sent_again(deps: Deps) -> None:
    rows = people(4)
    rows[1][1] = "310115990101001"
    rows[3][2] = "12"
    first = loaded(workbook(rows), deps)
    assert (counted(first), told(first)) == (
        (2, 0, 0, 2),
        [(3, "B 证件号码", "old_document_number"), (5, "C 手机号码", "bad_phone")],
    )
    assert first.errors is not None
    book = load_workbook(BytesIO(first.errors))
    sheet = book.worksheets[0]
    assert "old_document_number" in str(sheet["A2"].value)
    assert "B 证件号码" in str(sheet["A2"].value)
    sheet["C2"], sheet["D3"] = number(2), "13800000004"
    again = loaded(saved(book), deps)
    assert (counted(again), again.errors) == ((2, 0, 0, 0), None)


def test_a_number_of_somebody_else_is_a_conflict_and_overwrites_nothing(deps: Deps) -> None:
    loaded(workbook(people(1)), deps)
    result = loaded(workbook([["别人", number(1), ""]]), deps)
    assert told(result) == [(2, "A 姓名", "name_conflict")]
    with deps.database.begin() as work:
        assert work.session.scalars(select(PersonRow.name)).one() == "张1"


def test_a_row_that_contradicts_another_names_its_row(deps: Deps) -> None:
    result = loaded(workbook([*people(1), ["", "", ""], ["张1", number(1), "13911111111"]]), deps)
    (problem,) = result.progress.problems
    assert (problem.row, problem.code, problem.data["first"]) == (4, "repeated_otherwise", 2)


def test_a_dry_run_says_what_would_happen_far_apart_rows_included_and_keeps_nothing(deps: Deps) -> None:
    far = [*people(loads.BATCH + 5), ["别人", number(1), ""]]
    dry = loaded(csv_file(far).encode(), deps, dry_run=True)
    assert (counted(dry), known(deps)) == ((loads.BATCH + 5, 0, 0, 1), 0)
    assert told(dry) == [(loads.BATCH + 7, "A 姓名", "repeated_otherwise")]
    wet = loaded(csv_file(far).encode(), deps)
    assert (counted(wet), told(wet), wet.errors is not None) == (counted(dry), told(dry), dry.errors is not None)


def test_a_file_that_cannot_be_used_leaves_nothing(deps: Deps) -> None:
    with pytest.raises(ServiceError, match="column_missing"):
        loaded(workbook([["张三", 1]], ["姓名", "手机"]), deps)
    assert known(deps) == 0


class Killed(BaseException):
    """The end of a process."""


def test_a_kill_leaves_whole_batches_and_the_next_run_does_the_rest(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "BATCH", 10)
    data = csv_file(people(35)).encode()

    def die(_work: Work, progress: Progress, _piece: bytes) -> None:
        if progress.rows_done == 30:
            raise Killed

    with pytest.raises(Killed):
        loaded(data, deps, watch=Watch(keep=die))
    assert known(deps) == 20
    assert counted(loaded(data, deps)) == (15, 0, 20, 0)


def test_two_loads_of_the_same_people_at_once_make_each_of_them_once(meeting_deps: Deps) -> None:
    results: list[Loaded] = []
    rows = people(2500)

    def load(some: Sequence[Sequence[Any]]) -> None:
        results.append(loaded(csv_file(some).encode(), meeting_deps))

    threads = [threading.Thread(target=load, args=(some,)) for some in (rows, rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert known(meeting_deps) == 2500
    assert sum(counted(result)[0] for result in results) == 2500
    assert [counted(result)[3] for result in results] == [0, 0]


def sent(world: World, rows: Sequence[Sequence[Any]], **form: bool) -> SpreadsheetLoad:
    return loads_sent.receive(Things.PEOPLE, workbook(rows), LoadForm(**form), actor=world.city, deps=world.deps)


def load_of(row: SpreadsheetLoad, deps: Deps) -> SpreadsheetLoad:
    with deps.database.begin() as work:
        return work.session.get_one(SpreadsheetLoad, row.id)


def test_what_was_sent_in_is_taken_by_a_worker_and_its_files_go_after_their_days(
    world: World, deps: Deps, queue: HeldQueue, clock: SetClock
) -> None:
    row = sent(world, [*people(3), ["李四", "1", ""]])
    queue.work_off(deps)
    load = load_of(row, deps)
    assert (load.state, load.rows, load.rows_done, load.counts["created"]) == (RunState.DONE, 4, 4, 3)
    assert [(each["row"], each["code"]) for each in load.problems] == [(5, "bad_document_number")]
    errors = loads_sent.read_errors(row.id, actor=world.city, deps=deps)
    assert load_workbook(BytesIO(errors)).worksheets[0]["B2"].value == "李四"
    clock.at += KEPT
    delete_expired(deps=deps)
    with deps.database.begin() as work:
        gone = work.session.scalars(select(Photo.deleted_at).where(Photo.id.in_([load.file_id, load.errors_id])))
        assert all(gone.all())
    with pytest.raises(ServiceError, match="not_found"):
        loads_sent.read_errors(row.id, actor=world.city, deps=deps)


def test_a_dry_run_sent_in_keeps_nothing_but_its_report(world: World, deps: Deps, queue: HeldQueue) -> None:
    row = sent(world, people(3), dry_run=True)
    queue.work_off(deps)
    load = load_of(row, deps)
    assert (load.state, load.counts["created"], known(deps)) == (RunState.DONE, 3, 0)


def test_a_worker_killed_in_the_middle_is_followed_by_one_that_counts_exactly(
    world: World, deps: Deps, queue: HeldQueue, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "BATCH", 10)
    rows = people(35)
    rows[3][2] = rows[33][2] = "12"
    row = sent(world, rows)
    kept = loads_run._keep

    def die_at_30(*args: Any) -> None:
        kept(*args)
        if args[2].rows_done == 30:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(loads_run, "_keep", die_at_30)
        with pytest.raises(Killed):
            queue.work_off(deps)
    halfway = load_of(row, deps)
    assert (halfway.state, halfway.rows_done, known(deps)) == (RunState.RUNNING, 20, 19)
    loads_run.run(row.id, deps=deps)
    assert load_of(row, deps).rows_done == 20
    clock.pass_(seconds=loads_run.LEASE_S + deps.settings.requeue_s)
    assert dispatch(deps=deps) >= 1
    queue.work_off(deps)
    load = load_of(row, deps)
    assert (load.state, load.counts) == (
        RunState.DONE,
        {"created": 33, "changed": 0, "unchanged": 0, "refused": 2},
    )
    assert [each["row"] for each in load.problems] == [5, 35]


def test_a_load_that_is_too_long_for_one_job_goes_on_in_the_next(
    world: World, deps: Deps, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "BATCH", 10)
    monkeypatch.setattr(loads_run, "SLICE", timedelta(seconds=-1))
    row = sent(world, people(25))
    jobs = 0
    while queue.held:
        jobs += queue.work_off(deps)
    load = load_of(row, deps)
    assert (jobs, load.state, load.counts["created"], load.attempts) == (4, RunState.DONE, 25, 1)


def test_a_load_that_kills_its_workers_is_given_up(
    world: World, deps: Deps, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = sent(world, people(2))

    def die(*_args: Any, **_options: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(loads_run, "load_rows", die)
        for _ in range(2):
            with pytest.raises(Killed):
                loads_run.run(row.id, deps=deps)
            clock.pass_(seconds=loads_run.LEASE_S)
    loads_run.run(row.id, deps=deps)
    load = load_of(row, deps)
    assert (load.state, load.failure) == (
        RunState.FAILED,
        {"problems": [{"code": "load_given_up", "data": {"attempts": 2}}]},
    )


def failure(row: SpreadsheetLoad, deps: Deps) -> list[str]:
    load = load_of(row, deps)
    assert load.state is RunState.FAILED
    assert load.failure is not None
    return [problem["code"] for problem in load.failure["problems"]]


def test_who_has_left_meanwhile_loads_nothing(world: World, deps: Deps, queue: HeldQueue) -> None:
    row = sent(world, people(2))
    with deps.database.begin() as work:
        work.session.get_one(Account, world.city.account_id).active = False
    queue.work_off(deps)
    assert (failure(row, deps), known(deps)) == (["account_closed"], 0)


def test_a_file_without_headers_fails_with_what_it_lacks(world: World, deps: Deps, queue: HeldQueue) -> None:
    source = workbook([["张三", "1"]], ["甲", "乙"])
    row = loads_sent.receive(Things.PEOPLE, source, LoadForm(), actor=world.city, deps=deps)
    queue.work_off(deps)
    assert failure(row, deps) == ["headers_not_found"]


def test_a_photo_store_that_is_down_delays_a_load_and_nothing_else(
    world: World, deps: Deps, queue: HeldQueue, tmp_path: Any
) -> None:
    row = sent(world, people(2))
    folder = deps.settings.photo_dir
    folder.rename(tmp_path / "away")
    queue.work_off(deps)
    assert (load_of(row, deps).state, load_of(row, deps).attempts) == (RunState.WAITING, 0)
    (tmp_path / "away").rename(folder)
    loads_run.run(row.id, deps=deps)
    assert load_of(row, deps).state is RunState.DONE


def test_an_officer_sees_his_own_loads_only(world: World, deps: Deps) -> None:
    row = sent(world, people(1))
    other = world.actor(Role.OFFICER, Scope.BODY, world.body())
    with pytest.raises(ServiceError, match="not_found"):
        loads_sent.read_load(row.id, actor=other, deps=deps)


BODY = "示范监督站"
KINDS: dict[Things, tuple[list[str], list[list[Any]]]] = {
    Things.PEOPLE: (
        ["姓名", "证件号码", "单位名称", "统一社会信用代码", "入职日期"],
        [["张1", number(1), "示范建设", CREDIT_CODE, "2026-01-05"]],
    ),
    Things.PROJECTS: (
        [
            "报建编号",
            "项目名称",
            "监督机构",
            "行政区",
            "工程类别",
            "建筑面积",
            "状态起始日期",
            "施工单位",
            "施工单位信用代码",
        ],
        [["2601PD0001", "示范路项目", BODY, "浦东新区", "房屋建筑", 12000.5, "2026/1/5", "示范建设", CREDIT_CODE]],
    ),
    Things.LISTS: (
        ["报建编号", "名单类别", "岗位", "姓名", "证件号码", "起始日期"],
        [["2601PD0001", "报建", "项目负责人", "张1", number(1), "2026年1月5日"]],
    ),
    Things.ROSTER: (
        ["报建编号", "岗位", "姓名", "证件号码", "任职日期"],
        [["2601PD0001", "project_manager", "张1", number(1), "20260105"]],
    ),
    Things.CERTIFICATES: (
        ["姓名", "证件号码", "证书类型", "证书编号", "有效期起", "有效期至", "证书状态"],
        [["张1", number(1), "安全生产考核合格证（B）", "沪建安B（2026）0000001", "2026-01-01", "2028-12-31", "有效"]],
    ),
}


def test_every_kind_is_taken_in_the_words_of_people_and_taken_once(world: World, deps: Deps) -> None:
    body = {"code": "pd", "name": BODY, "kind": BodyKind.STATION, "district_code": "310115"}
    registers.create(registers.BODIES, body, actor=world.city, deps=deps)
    for expected in ((1, 0, 0, 0), (0, 0, 1, 0)):
        for things, (headers, rows) in KINDS.items():
            origin = Origin(Source.SPREADSHEET, world.city, in_force=True)
            result = load_rows(workbook(rows, headers), things, origin, deps=deps)
            assert (things, counted(result), told(result)) == (things, expected, [])


def test_a_reference_to_nobody_stands_at_its_column(world: World, deps: Deps) -> None:
    headers, rows = KINDS[Things.CERTIFICATES]
    origin = Origin(Source.SPREADSHEET, world.city)
    result = load_rows(workbook(rows, headers), Things.CERTIFICATES, origin, deps=deps)
    assert told(result) == [(2, "B 证件号码", "unknown_person")]


def test_two_spellings_of_one_name_far_apart_are_one_person(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "BATCH", 2)
    names = ["阿卜杜拉·买买提", "阿卜杜拉•买买提", "阿卜杜拉买买提", "阿卜杜拉.买买提"]
    result = loaded(workbook([[name, number(1), ""] for name in names]), deps)
    assert (counted(result), told(result)) == ((1, 0, 3, 0), [])
    his = [CertificateRecord(Document(number(1), name), "safety_b", "1", date(2024, 1, 1)) for name in names]
    memory = Memory(deps, [Memory(deps).piece([], [(2, his[0])])])
    assert [memory.contradictions(each) for each in his] == [[]] * 4


def test_rows_far_apart_may_not_tell_otherwise_and_the_first_is_named(deps: Deps) -> None:
    rows = people(loads.BATCH + 10)
    rows[loads.BATCH + 2] = [*rows[3][:2], "13911111111"]
    rows[loads.BATCH + 3] = rows[4]
    data = csv_file(rows).encode()
    dry, wet = loaded(data, deps, dry_run=True), loaded(data, deps)
    assert dry.progress == wet.progress
    assert counted(wet) == (loads.BATCH + 8, 0, 1, 1)
    (problem,) = wet.progress.problems
    expected = (loads.BATCH + 4, "C 手机号码", "repeated_otherwise", 5)
    assert (problem.row, problem.column, problem.code, problem.data["first"]) == expected


def test_another_job_remembers_what_earlier_ones_took_and_refused(
    world: World, deps: Deps, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "BATCH", 10)
    monkeypatch.setattr(loads_run, "SLICE", timedelta(seconds=-1))
    rows = people(30)
    rows[2][1] = "1"
    rows[25] = [*rows[3][:2], "13911111111"]
    for dry_run in (True, False):
        row = sent(world, rows, dry_run=dry_run)
        while queue.held:
            queue.work_off(deps)
        load = load_of(row, deps)
        assert (load.state, load.counts["refused"], known(deps)) == (RunState.DONE, 2, 0 if dry_run else 28)
        with deps.database.begin() as work:
            assert work.session.get_one(SpreadsheetLoad, row.id).remembered == []
        errors = load_workbook(BytesIO(loads_sent.read_errors(row.id, actor=world.city, deps=deps))).worksheets[0]
        told = [str(cell.value) for (cell,) in errors.iter_rows(min_row=2, max_col=1)]
        assert ["bad_document_number" in told[0], "repeated_otherwise" in told[1], len(told)] == [True, True, 2]


def test_of_many_wrong_rows_the_first_problems_are_kept_and_all_rows_go_back(deps: Deps) -> None:
    headers = ["姓名", "证件类型", "证件号码", "手机号码", "单位名称", "统一社会信用代码", "入职日期", "离职日期"]
    data = csv_file([["张" * 61, "x", "1", "y", "某", "z", "a", "b"]] * 1500, headers).encode()
    result = loaded(data, deps)
    assert (counted(result), len(result.progress.problems)) == ((0, 0, 0, 1500), loads.SHOWN)
    assert [each.code for each in result.progress.problems[:6]][-1] == "more_problems"
    assert result.errors is not None
    assert load_workbook(BytesIO(result.errors)).worksheets[0].max_row == 1501


def test_a_load_that_always_takes_too_long_ends(world: World, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    row = sent(world, people(2))

    def too_long(work: Work, *_: Any) -> None:
        work.session.execute(text("SET LOCAL statement_timeout = '20ms'"))
        work.session.execute(text("SELECT pg_sleep(1)"))

    monkeypatch.setattr(loads.bulk, "take", too_long)
    for _ in range(3):
        loads_run.run(row.id, deps=deps)
    assert failure(row, deps) == ["load_given_up"]


def test_a_dry_run_keeps_nobody_waiting(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    body = {"code": "pd", "name": BODY, "kind": BodyKind.STATION, "district_code": "310115"}
    registers.create(registers.BODIES, body, actor=world.city, deps=meeting_deps)
    seen = []

    def look(progress: Progress) -> None:
        if progress.rows_done:
            with meeting_deps.database.begin() as work:
                work.session.execute(text("LOCK TABLE filing IN SHARE ROW EXCLUSIVE MODE NOWAIT"))
            seen.append(progress.counts["created"])

    headers, rows = KINDS[Things.PROJECTS]
    data = workbook(rows, headers)
    load_rows(data, Things.PROJECTS, ORIGIN, deps=meeting_deps, dry_run=True, watch=Watch(told=look))
    assert seen == [1]

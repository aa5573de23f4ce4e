"""Findings: opened by rules, closed as soon as the data is right, read by who is concerned."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BindParameter, Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.findings.base import KIND_OF, Found, Rule, steady
from service.store.base import new_id
from service.store.models import Finding, Project, Regulation
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import among
from service.store.queries.reach_attendance import within_teams
from service.store.work import Work
from service.usecases.access import found, require

_TABLE = cast("Table", Finding.__table__)
_MOVING = ("rule_version", "team_kind", "category", "post_code", "evidence", "cites")


@dataclass(frozen=True, slots=True)
class Changes:
    """What was opened, by project and rule, how many findings closed, and the tickets these were in."""

    opened: Sequence[tuple[UUID, Rule]] = ()
    closed: int = 0
    tickets: set[UUID] = field(default_factory=set)


def reconcile(
    work: Work,
    results: Mapping[UUID, Iterable[Found]],
    rules: Collection[Rule],
    *,
    opening: bool,
    months: Collection[date] | None = None,
) -> Changes:
    """Bring the open findings of some rules in line with their results on some projects, each named by its id.

    `months` are those the rules looked at, None for all. What changes by day, such as a roster being typed in, may
    close a finding at once and never opens one (`opening`): nobody is accused of what is still being entered.
    """
    wanted = {(project_id, each.rule, each.key): each for project_id, some in results.items() for each in some}
    gone, changed = [], []
    for row in _open_rows(work, results.keys(), rules, months):
        result = wanted.pop((row.project_id, row.rule, row.key), None)
        if result is None:
            gone.append(row)
        elif _told(row) != _told(result):
            changed.append((row, result))
    _close(work, gone)
    _update(work, changed)
    news = [(project_id, each) for (project_id, _, _), each in wanted.items()]
    opened = open_findings(work, news) if opening else []
    return Changes(opened, len(gone), {row.ticket_id for row in gone if row.ticket_id})


def _told(finding: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a result, or a row of what is kept of one
    f = finding
    return f.rule_version, f.team_kind, f.category, f.post_code, steady(f.evidence)


def _open_rows(
    work: Work, project_ids: Collection[UUID], rules: Collection[Rule], months: Collection[date] | None
) -> Sequence[Any]:
    f = Finding
    statement = (
        select(
            *(f.id, f.project_id, f.rule, f.key, f.ticket_id),
            *(f.rule_version, f.team_kind, f.category, f.post_code, f.evidence),
        )
        .where(f.project_id.in_(project_ids), f.rule.in_(rules), f.closed_at.is_(None))
        .order_by(f.id)
        .with_for_update()
    )
    return work.session.execute(statement if months is None else statement.where(f.month.in_(months))).all()


def _close(work: Work, rows: Sequence[Any]) -> None:
    if not rows:
        return
    closing = update(_TABLE).where(_TABLE.c.id.in_([row.id for row in rows]))
    work.session.execute(closing.values(closed_at=work.clock.now(), version=_TABLE.c.version + 1))
    work.audit_all("finding:close", [(row.id, {"rule": str(row.rule)}) for row in rows])


def _update(work: Work, changed: Sequence[tuple[Any, Found]]) -> None:
    if not changed:
        return
    updating = update(_TABLE).where(_TABLE.c.id == bindparam("row_id"))
    columns: dict[str, BindParameter[Any]] = {
        name: bindparam(f"new_{name}", type_=_TABLE.c[name].type) for name in _MOVING
    }
    register = _register(work)
    values = [
        {"row_id": row.id} | {f"new_{name}": value for name, value in _moving(register, result).items()}
        for row, result in changed
    ]
    work.session.execute(updating.values(**columns, version=_TABLE.c.version + 1), values)
    work.audit_all("finding:update", [(row.id, {"rule": str(row.rule)}) for row, _ in changed])


def open_findings(work: Work, news: Sequence[tuple[UUID, Found]]) -> list[tuple[UUID, Rule]]:
    """Open what is not open yet, with the regulations it cites now; which of them, by project and rule."""
    if not news:
        return []
    register, now = _register(work), work.clock.now()
    rows = [
        {
            "id": new_id(),
            "created_at": now,
            "version": 1,
            "project_id": project_id,
            "rule": each.rule,
            "kind": KIND_OF[each.rule],
            "key": each.key,
            "month": each.month,
            "person_id": each.person_id,
            **_moving(register, each),
        }
        for project_id, each in news
    ]
    made = insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.id, _TABLE.c.project_id, _TABLE.c.rule)
    opened = work.session.execute(made, rows).all()
    if opened:
        work.audit_all("finding:open", [(row.id, {"rule": str(row.rule)}) for row in opened])
    return [(row.project_id, row.rule) for row in opened]


def _moving(register: Sequence[Any], result: Found) -> dict[str, Any]:
    """What of a finding follows the data as long as it stands."""
    return {
        "rule_version": result.rule_version,
        "team_kind": result.team_kind,
        "category": result.category,
        "post_code": result.post_code,
        "evidence": dict(result.evidence),
        "cites": _cites(register, result),
    }


def _register(work: Work) -> Sequence[Any]:
    r = Regulation
    return work.session.execute(select(r.code, r.rules, r.posts).order_by(r.code)).all()


def _cites(register: Sequence[Any], result: Found) -> list[str]:
    """The codes of what the result rests on: as it says itself, or else what the register says of rule and post."""
    of_post = (row for row in register if not row.posts or result.post_code in row.posts)
    return list(result.cites) or [row.code for row in of_post if result.rule in row.rules]


def cites_of(work: Work, results: Iterable[Found]) -> list[list[str]]:
    """The same of each result, for what is told and opens no finding."""
    register = _register(work)
    return [_cites(register, each) for each in results]


def list_findings(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[Finding]:
    """A page of the findings within reach; `open` tells those that still stand from those that closed."""
    statement = select(Finding).where(within_teams(Finding, require(actor, Permission.FINDING_READ)))
    for name in ("project_id", "rule", "kind", "team_kind", "category", "month", "person_id", "ticket_id"):
        if name in filters:
            statement = statement.where(getattr(Finding, name) == filters[name])
    if "body_id" in filters:
        statement = statement.where(among(Finding.project_id, _of_body(filters["body_id"])))
    if "open" in filters:
        statement = statement.where(Finding.closed_at.is_(None) == filters["open"])
    with deps.database.begin() as work:
        return page(work.session, statement, Finding.id, window)


def _of_body(body_id: UUID) -> Any:  # noqa: ANN401 - a select of ids
    return select(Project.id).where(Project.body_id == body_id)


def summarise(filters: Mapping[str, Any], *, actor: Actor, deps: Deps) -> dict[Rule, int]:
    """How many findings within reach stand, by rule; of one project or one body if they are named."""
    within = within_teams(Finding, require(actor, Permission.FINDING_READ))
    statement = select(Finding.rule, func.count()).where(within, Finding.closed_at.is_(None))
    if "project_id" in filters:
        statement = statement.where(Finding.project_id == filters["project_id"])
    if "body_id" in filters:
        statement = statement.where(among(Finding.project_id, _of_body(filters["body_id"])))
    with deps.database.begin() as work:
        counts = work.session.execute(statement.group_by(Finding.rule).order_by(Finding.rule))
        return dict(counts.all())


def read_finding(finding_id: UUID, *, actor: Actor, deps: Deps) -> Finding:
    """One finding within reach."""
    within = within_teams(Finding, require(actor, Permission.FINDING_READ))
    with deps.database.begin() as work:
        return found(work, select(Finding).where(Finding.id == finding_id, within), "finding")

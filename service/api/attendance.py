"""Routes of attendance: months and rates."""

from typing import Any
from uuid import UUID

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps
from service.api.paging import page_of, split
from service.api.schemas.attendance import (
    MonthOut,
    MonthQuery,
    OwnMonthsOut,
    ProjectMonthOut,
    ProjectMonthQuery,
    RatesPageOut,
    RatesQuery,
)
from service.domain.actors import Permission
from service.domain.attendance import Tally, tally
from service.domain.attendance_month import Group, Row, group_of, thresholds
from service.domain.calendar import business_day, month_before, month_of
from service.texts.words import AVERAGES
from service.usecases import attendance, rates
from service.usecases.attendance import ShownMonth

blueprint = Blueprint("attendance", __name__, description="Days, months and rates")


@blueprint.route("/projects/<uuid:project_id>/attendance")
@asks(blueprint, Permission.ATTENDANCE_READ)
@blueprint.arguments(MonthQuery, location="query")
@blueprint.response(200, MonthOut)
def read_month(query: dict[str, Any], project_id: UUID) -> Any:
    """Read a project's month: every person and vacant post, day by day, and why each day counts or not."""
    return _month(attendance.read_month(project_id, _asked(query), actor=actor(), deps=deps()))


@blueprint.route("/me/attendance")
@asks(blueprint, Permission.ATTENDANCE_READ)
@blueprint.arguments(MonthQuery, location="query")
@blueprint.response(200, OwnMonthsOut)
def read_own_months(query: dict[str, Any]) -> Any:
    """Read your own days of a month on every project."""
    months = attendance.read_own_months(_asked(query), actor=actor(), deps=deps())
    return {"items": [_own(month) for month in months]}


@blueprint.route("/attendance/rates")
@asks(blueprint, Permission.ATTENDANCE_READ)
@blueprint.arguments(RatesQuery, location="query")
@blueprint.response(200, RatesPageOut)
def read_rates(query: dict[str, Any]) -> Any:
    """Read the rates of both categories over a project, a body or the city, month by month."""
    last = _asked(query)
    scope = rates.Scope(query.get("body_id"), query.get("project_id"))
    found = rates.read_rates(scope, month_before(last, query["months"] - 1), last, actor=actor(), deps=deps())
    return {"items": [_rates(each) for each in found]}


@blueprint.route("/attendance/projects")
@asks(blueprint, Permission.ATTENDANCE_READ)
@blueprint.arguments(ProjectMonthQuery, location="query")
@blueprint.response(200, page_of(ProjectMonthOut))
def list_projects(query: dict[str, Any]) -> Any:
    """List projects with their person-days of a month; `below` keeps those with a rate under it."""
    month = _asked(query)
    window, filters = split({name: value for name, value in query.items() if name != "month"})
    found = rates.list_projects(month, filters, window, actor=actor(), deps=deps())
    items = [{"project": item.project, "groups": [_kept(row) for row in item.groups]} for item in found.items]
    return {"items": items, "next": found.next}


def _asked(query: dict[str, Any]) -> Any:
    return query.get("month") or month_of(business_day(deps().clock.now()))


def _month(shown: ShownMonth) -> dict[str, Any]:
    month = shown.month
    asked = thresholds(month.rows, month.policy)
    groups = [_group(asked.get(group), group, sums) for group, sums in sorted(month.tallies().items())]
    return {**_own(shown), "groups": groups}


def _own(shown: ShownMonth) -> dict[str, Any]:
    month = shown.month
    return {
        "project_id": month.ground.project.id,
        "project_name": month.ground.project.name,
        "month": month.month,
        "through": month.through,
        "policy_versions": month.policy_versions(),
        "rows": [_row(row, shown) for row in month.rows],
    }


def _group(threshold: float | None, group: Group, sums: Tally) -> dict[str, Any]:
    return {"team_kind": group.team_kind, "category": group.category, "threshold": threshold, **_sums(sums)}


def _row(row: Row, shown: ShownMonth) -> dict[str, Any]:
    group = group_of(row.post)
    days = [
        {
            "day": day,
            "outcome": made.outcome,
            "why": made.why,
            "punches": made.punches,
            "first_at": made.first_at,
            "last_at": made.last_at,
            "policy_version": made.policy_version,
        }
        for day, made in row.days.items()
    ]
    return {
        "person_id": row.person_id,
        "person_name": shown.names.get(row.person_id) if row.person_id else None,
        "post_code": row.post.code,
        "team_kind": group.team_kind,
        "category": group.category,
        "days": days,
        **_sums(tally(row.days.values())),
    }


def _sums(sums: Tally) -> dict[str, Any]:
    return {"due": sums.due, "valid": sums.valid, "pending": sums.pending, "vacant": sums.vacant, "rate": sums.rate}


def _kept(row: Any) -> dict[str, Any]:
    sums = Tally(row.due, row.valid, row.pending, row.vacant)
    return {"team_kind": row.team_kind, "category": row.category, **_sums(sums)}


def _rates(found: rates.Rates) -> dict[str, Any]:
    named = [
        {"name": name, "text": {"zh": zh, "en": en}, "percent": getattr(found, name)}
        for name, (zh, en) in AVERAGES.items()
    ]
    names = (
        "month",
        "category",
        "team_kinds",
        "projects",
        "not_applicable",
        "full_roster",
        "due",
        "valid",
        "pending",
        "through",
    )
    return {
        **{name: getattr(found, name) for name in names},
        "averages": named,
        "policy_versions": found.policy_versions,
    }

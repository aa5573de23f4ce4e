"""Routes of findings."""

from typing import Any
from uuid import UUID

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag
from service.api.paging import page_of, split
from service.api.schemas.findings import FindingOut, FindingQuery, SummaryOut, SummaryQuery
from service.domain.actors import Permission
from service.domain.findings.base import KIND_OF
from service.texts import told_by_rule
from service.usecases import findings

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("findings", __name__, description="What rules found")


@blueprint.route("/findings")
@asks(blueprint, Permission.FINDING_READ)
@blueprint.arguments(FindingQuery, location="query")
@blueprint.response(200, page_of(FindingOut))
def list_findings(query: dict[str, Any]) -> Any:
    """List findings within reach, newest first."""
    window, filters = split(query)
    return findings.list_findings(filters, window, actor=actor(), deps=deps())


@blueprint.route("/findings/summary")
@asks(blueprint, Permission.FINDING_READ)
@blueprint.arguments(SummaryQuery, location="query")
@blueprint.response(200, SummaryOut)
def summarise_findings(query: dict[str, Any]) -> Any:
    """Count the findings within reach that stand, by rule."""
    counts = findings.summarise(query, actor=actor(), deps=deps())
    rules = [
        {"rule": rule, "kind": KIND_OF[rule], "name": told_by_rule(rule, {})["name"], "count": count}
        for rule, count in counts.items()
    ]
    return {"open": sum(counts.values()), "rules": rules}


@blueprint.route("/findings/<uuid:finding_id>")
@asks(blueprint, Permission.FINDING_READ)
@blueprint.response(200, FindingOut)
def read_finding(finding_id: UUID) -> Answer:
    """Read a finding with its evidence."""
    row = findings.read_finding(finding_id, actor=actor(), deps=deps())
    return row, 200, etag(row.version)

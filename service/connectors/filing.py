"""The filing system (报建): its contract is docs/connectors/filing.openapi.yaml; its fields become ours here."""

from typing import Any

from service.connectors.reading import Reading, Told, Words
from service.domain.records import ListRecord, ProjectRecord, UnitRecord
from service.domain.roster import Basis
from service.domain.sites import ProjectKind, ProjectState, UnitRoleKind

PATH = "/v1/filings"
#: A project has one of each.
_ONE = frozenset({UnitRoleKind.CLIENT, UnitRoleKind.CONTRACTOR, UnitRoleKind.SUPERVISION})


def told(item: Any, words: Words) -> Told:  # noqa: ANN401 - whatever the peer wrote
    """A filing with the people its lists name: the project first, then each entry of a list."""
    filing = Reading(item, words)
    key, number = filing.key(), filing.needed("number", 60)
    changed_at = filing.instant("changed_at")
    records = [("", _project(filing, number))]
    entries = [(person.at, _entry(person, number)) for person in filing.rows("personnel")]
    return Told(key, (*records, *entries), tuple(filing.problems), changed_at)


def _project(filing: Reading, number: str) -> ProjectRecord:
    project = filing.inner("project")
    price, units = project.number("price_yuan"), _units(filing)
    return ProjectRecord(
        filing_number=number,
        filed_on=filing.day("filed_on"),
        section=filing.text("section", 60),
        section_group=filing.text("section_group", 60),
        permit_number=filing.text("permit_number", 60),
        name=project.needed("name"),
        body_code=project.word("body", "body"),
        district_code=project.word("district", "district"),
        address=project.text("address"),
        kind=project.choice("kind", "project_kind", ProjectKind),
        area_m2=project.number("area_m2"),
        price_yuan=None if price is None else round(price),
        planned_from=project.day("planned_from"),
        planned_until=project.day("planned_until"),
        state=project.choice("state", "project_state", ProjectState) or ProjectState.ACTIVE,
        state_from_on=project.day("state_from"),
        client=units.get(UnitRoleKind.CLIENT),
        contractor=units.get(UnitRoleKind.CONTRACTOR),
        supervision=units.get(UnitRoleKind.SUPERVISION),
    )


def _units(filing: Reading) -> dict[UnitRoleKind | None, UnitRecord]:
    """Units by their role; subcontractors are not taken from filings, and nobody chooses between two contractors."""
    units: dict[UnitRoleKind | None, UnitRecord] = {}
    for row in filing.rows("units"):
        word, unit = row.word("role", "unit_role"), row.unit()
        role = UnitRoleKind(word) if word else None
        if role in _ONE and units.setdefault(role, unit) != unit:
            row.repeated("role")
    return units


def _entry(person: Reading, number: str) -> ListRecord:
    return ListRecord(
        filing_number=number,
        basis=person.choice("basis", "basis", Basis) or Basis.FILING,
        post_code=person.word("post", "post"),
        document=person.document(),
        starts_on=person.needed_day("from"),
        ends_on=person.day("until"),
        unit=UnitRecord(person.credit_code("unit")) if person.has("unit") else None,
    )

"""Lists of a project, and where the roster differs from them."""

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.base import Day, Instant, Out, Strict, Text, choice
from service.api.schemas.registers import Stamped
from service.domain.lists import Difference
from service.domain.roster import Basis, LineState
from service.domain.sources import Source


class EntryOut(Stamped):
    """名单条目: whom a list names for a post."""

    project_id = fields.UUID()
    basis = choice(Basis)
    filing_id = fields.UUID(allow_none=True)
    post_code = fields.String()
    person_id = fields.UUID()
    unit_id = fields.UUID(allow_none=True)
    starts_on = Day()
    ends_on = Day(allow_none=True)
    source = choice(Source)
    checked_at = Instant(allow_none=True, metadata={"description": "when its source last confirmed it"})


class EntryChange(Strict):
    """What may change of an entry."""

    filing_id = fields.UUID(allow_none=True)
    unit_id = fields.UUID(allow_none=True)
    starts_on = Day()
    ends_on = Day(allow_none=True)


class EntryIn(EntryChange):
    """A new entry."""

    project_id = fields.UUID(required=True)
    basis = choice(Basis, required=True)
    post_code = Text(most=40, required=True)
    person_id = fields.UUID(required=True)
    starts_on = Day(required=True)


class EntryQuery(PageIn):
    """Filters of the list of entries."""

    project_id = fields.UUID()
    basis = choice(Basis)
    person_id = fields.UUID()
    post_code = Text(most=40)


class DifferenceOut(Out):
    """名单差异: a person and a post, who names him for it, and the state of his line that day."""

    person_id = fields.UUID(attribute="compared.person_id")
    name = fields.String()
    post_code = fields.String(attribute="compared.post_code")
    filing = fields.Boolean(attribute="compared.filing")
    contract = fields.Boolean(attribute="compared.contract")
    appointment = fields.Boolean(attribute="compared.appointment")
    roster = choice(LineState, allow_none=True, attribute="compared.roster")
    difference = choice(Difference, attribute="compared.difference")


class DifferenceQuery(PageIn):
    """Of which day, and whether with what agrees."""

    cursor = Text(most=80, metadata={"description": "`next` of the page before"})
    day = Day(metadata={"description": "today when missing"})
    all = fields.Boolean(load_default=False, metadata={"description": "also those in which all agree"})


class DifferenceFileQuery(Strict):
    """The same of the file, which holds all of them."""

    day = Day(metadata={"description": "today when missing"})
    all = fields.Boolean(load_default=False, metadata={"description": "also those in which all agree"})

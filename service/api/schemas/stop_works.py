"""Stop-works."""

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.base import Day, Strict, Text, choice
from service.api.schemas.registers import Stamped
from service.domain.stop_works import StopWorkState


class StopWorkOut(Stamped):
    """停工: from its first to its last day nothing is due, once it is approved."""

    project_id = fields.UUID()
    starts_on = Day()
    ends_on = Day()
    reason = fields.String()
    state = choice(StopWorkState)
    proposed_by = fields.UUID()
    note = fields.String(allow_none=True)


class StopWorkIn(Strict):
    """A stop-work proposed; both days included."""

    project_id = fields.UUID(required=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    reason = Text(2, 500, required=True)


class StopWorkQuery(PageIn):
    """Filters of the list of stop-works."""

    project_id = fields.UUID()
    state = choice(StopWorkState)

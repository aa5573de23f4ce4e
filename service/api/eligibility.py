"""Routes for systems that ask before they act."""

from dataclasses import asdict
from typing import Any

from flask import request

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps
from service.api.schemas.eligibility import EligibilityOut, EligibilityQuery
from service.domain.actors import Permission
from service.texts import told_by_rule
from service.usecases import eligibility
from service.usecases.eligibility import Answer, Objection, Question

DOCUMENT_HEADER = "X-Document-Number"
blueprint = Blueprint("eligibility", __name__, description="Questions that other systems ask before they act")


@blueprint.route("/integration/eligibility")
@asks(blueprint, Permission.ELIGIBILITY_READ)
@blueprint.doc(
    parameters=[
        {
            "in": "header",
            "name": DOCUMENT_HEADER,
            "schema": {"type": "string"},
            "description": "The person's document number, or else person_id. Never in the address, which is logged.",
        }
    ]
)
@blueprint.arguments(EligibilityQuery, location="query")
@blueprint.response(200, EligibilityOut)
def read_eligibility(query: dict[str, Any]) -> Any:
    """Ask whether somebody may take a post on a project, and why not; a question is recorded, and changes nothing."""
    question = Question(document_number=request.headers.get(DOCUMENT_HEADER), **query)
    return _shown(eligibility.ask(question, actor=actor(), deps=deps()))


def _shown(answer: Answer) -> dict[str, Any]:
    reasons = [{**asdict(each), "text": _text(each)} for each in answer.reasons]
    return {
        "eligible": answer.eligible,
        "project_id": answer.project_id,
        "person_id": answer.person_id,
        "post_code": answer.post_code,
        "on": answer.on,
        "reasons": reasons,
        "checked": {
            "certificates": {"checked_at": answer.certificates_checked_at},
            "filing": {"listed": answer.listed, "checked_at": answer.list_checked_at},
        },
    }


def _text(reason: Objection) -> dict[str, str]:
    """What it says with its evidence; of a stranger, whose evidence is not told, the rule's name."""
    whole = reason.evidence or reason.kind is None
    return told_by_rule(reason.rule, reason.evidence)["text" if whole else "name"]

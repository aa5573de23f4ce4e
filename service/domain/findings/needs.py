"""What the certificate rules share: each picks one outcome of the needs of a chair and tells of it in the same way."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.domain.certificates import HeldCertificate, Judged, Outcome
from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts, Seat
from service.domain.findings.telling import found_about, size_told

#: As much of a number as tells one certificate from another to who holds it.
TAIL = 4


def found_where(facts: Facts, outcome: Outcome, rule_version: str) -> Iterator[Found]:
    """One finding for each chair some of whose needs come to the outcome; the rule has the outcome's name."""
    for seat, judged in facts.judged:
        needs = [told(each) for each in judged if each.outcome is outcome]
        if needs:
            yield about_needs(facts, seat, (Rule(outcome), rule_version), needs)


def about_needs(facts: Facts, seat: Seat, rule: tuple[Rule, str], needs: Sequence[Mapping[str, Any]]) -> Found:
    """The finding about a chair's needs, with the project's size where what is asked depends on it."""
    post = facts.posts[seat.post_code]
    depends = any(len(cases) > 1 for cases in post.certificates)
    size = {"size": size_told(seat.site.size)} if depends else {}
    return found_about(facts, seat, rule, {"unit_id": str(seat.unit_id), "needs": list(needs), **size})


def told(judged: Judged) -> dict[str, Any]:
    """A need as evidence: the types one of which was asked for, and the certificate it was judged by."""
    certificate = judged.certificate
    return {"asked": list(judged.asked), "certificate": None if certificate is None else _certificate(certificate)}


def _certificate(held: HeldCertificate) -> dict[str, Any]:
    return {
        "id": str(held.id),
        "type_code": held.kind.code,
        "number_tail": held.number[-TAIL:],
        "specialty": held.specialty,
        "valid_from": held.valid_from.isoformat(),
        "valid_until": held.valid_until.isoformat() if held.valid_until else None,
        "unit_id": str(held.unit_id) if held.unit_id else None,
        "status": str(held.status),
        "checked_at": held.checked_at.isoformat() if held.checked_at else None,
    }

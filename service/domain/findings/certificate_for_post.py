"""The rule of certificates: who stands on a post holds, on that day, one certificate of each kind the post needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.domain.attendance_month import Post, Roster
from service.domain.calendar import month_of
from service.domain.findings.base import Found, Rule

RULE_VERSION = "certificate_for_post-1"
_TAIL = 4

#: One type of each inner list is needed.
Needs = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """A certificate as this rule sees it; `valid_until` is its last day, and without one it does not end."""

    person_id: UUID
    type_code: str
    number: str
    valid_from: date
    valid_until: date | None = None

    def valid_on(self, day: date) -> bool:
        """True from its first day to its last."""
        return self.valid_from <= day <= self.lasts_to

    @property
    def lasts_to(self) -> date:
        """Its last day, or the end of days."""
        return self.valid_until or date.max


def find(day: date, roster: Roster, certificates: Iterable[HeldCertificate], needs: Mapping[str, Needs]) -> list[Found]:
    """One finding for each person and post of which some need is not met on `day`; `needs` are told by post."""
    held = list(certificates)
    seats = dict.fromkeys((holder.person_id, holder.post_code) for holder in roster.holders if holder.covers(day))
    evidence = {
        (person_id, code): _lacking(day, [one for one in held if one.person_id == person_id], needs.get(code, ()))
        for person_id, code in seats
    }
    return [
        _found(day, person_id, roster.posts[code], lacking)
        for (person_id, code), lacking in evidence.items()
        if any(lacking.values())
    ]


def _lacking(day: date, held: Sequence[HeldCertificate], needs: Needs) -> dict[str, list[Any]]:
    """The needs of which no certificate is held at all, and the best one held where none is valid on that day."""
    missing, expired = [], []
    for types in needs:
        fitting = [one for one in held if one.type_code in types]
        if not fitting:
            missing.append(list(types))
        elif not any(one.valid_on(day) for one in fitting):
            expired.append(_shown(max(fitting, key=lambda one: (one.lasts_to, one.number))))
    return {"missing": missing, "expired": expired}


def _shown(certificate: HeldCertificate) -> dict[str, Any]:
    """Enough to know which it is, and no more: evidence is read by many."""
    until = certificate.valid_until
    return {
        "type": certificate.type_code,
        "number_tail": certificate.number[-_TAIL:],
        "valid_from": certificate.valid_from.isoformat(),
        "valid_until": until.isoformat() if until else None,
    }


def _found(day: date, person_id: UUID, post: Post, lacking: Mapping[str, Any]) -> Found:
    return Found(
        rule=Rule.CERTIFICATE_FOR_POST,
        rule_version=RULE_VERSION,
        key=f"{person_id}:{post.code}",
        team_kind=post.team_kind,
        month=month_of(day),
        evidence=dict(lacking),
        person_id=person_id,
        post_code=post.code,
    )

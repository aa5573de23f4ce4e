"""The rule of certificates: who stands on a post holds, on that day, one certificate of each kind the post needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.domain.calendar import month_of
from service.domain.findings.base import Found, Rule
from service.domain.sites import TeamKind

RULE_VERSION = "certificate_for_post-1"
_TAIL = 4

#: One type of each inner list is needed.
Needs = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class PostHolder:
    """A filed roster line as this rule sees it; `ends_on` is its last day."""

    person_id: UUID
    post_code: str
    team_kind: TeamKind
    starts_on: date
    ends_on: date | None = None

    def covers(self, day: date) -> bool:
        """True when the line runs on that day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


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


def find(
    day: date, lines: Iterable[PostHolder], certificates: Iterable[HeldCertificate], needs: Mapping[str, Needs]
) -> list[Found]:
    """One finding for each person and post of which some need is not met on `day`; `needs` are told by post."""
    held = list(certificates)
    posts = {(line.person_id, line.post_code): line for line in lines if line.covers(day)}
    evidence = {
        key: _lacking(day, [one for one in held if one.person_id == line.person_id], needs.get(line.post_code, ()))
        for key, line in posts.items()
    }
    return [_found(day, posts[key], lacking) for key, lacking in evidence.items() if any(lacking.values())]


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


def _found(day: date, line: PostHolder, lacking: Mapping[str, Any]) -> Found:
    return Found(
        rule=Rule.CERTIFICATE_FOR_POST,
        rule_version=RULE_VERSION,
        key=f"{line.person_id}:{line.post_code}",
        team_kind=line.team_kind,
        month=month_of(day),
        evidence=dict(lacking),
        person_id=line.person_id,
        post_code=line.post_code,
    )

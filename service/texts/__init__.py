"""Every text a person reads, by code, in Chinese and English; `{names}` are filled from the data."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from service.texts import (
    attendance,
    bulk,
    check_ins,
    exchange,
    findings,
    people,
    reference,
    requests,
    sites,
    spreadsheets,
    tickets,
)

TEXTS: dict[str, tuple[str, str]] = (
    check_ins.TEXTS
    | attendance.TEXTS
    | tickets.TEXTS
    | sites.TEXTS
    | spreadsheets.TEXTS
    | requests.TEXTS
    | reference.TEXTS
    | people.TEXTS
    | exchange.TEXTS
    | findings.TEXTS
    | bulk.TEXTS
)


def text(code: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Both texts of a code; a code without a text shows itself, a missing number shows as a dash."""
    # From a round fence people measure to its centre, not to its edge; a bad photo has a reason of its own.
    special = f"{code}.{'circle' if data.get('radius_m') is not None else data.get('reason')}"
    chinese, english = TEXTS.get(special) or TEXTS.get(code, (code, code))
    return {"zh": _filled(chinese, data), "en": _filled(english, data)}


def told_by_rule(rule: str, evidence: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The name of a rule, and what a finding of it says; the same of a question that no rule was asked about."""
    pairs = zip(("name", "text"), (findings.RULES | findings.NOBODY)[rule], strict=True)
    return {part: {"zh": _filled(zh, evidence), "en": _filled(en, evidence)} for part, (zh, en) in pairs}


def _filled(template: str, data: Mapping[str, Any]) -> str:
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format(**{name: _shown(data.get(name)) for name in names})


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)

"""Documents made from the code: `python -m service.docs_tables` writes docs/reasons.md."""

from collections.abc import Iterable
from pathlib import Path

from service.domain.reasons import REASONS, Rule
from service.texts import TEXTS

REASONS_FILE = Path(__file__).parents[1] / "docs" / "reasons.md"

HEAD = """\
<!-- Written by `python -m service.docs_tables` from service/domain/reasons.py and service/texts.py. -->
# Reasons of a check-in 打卡原因

A check-in has a **verdict** and is **counted**, and the two are kept apart.

* The verdict (`received`, then `accepted`, `refused` or `review`) says what was proved about who, where and when. The
  gravest reason wins: one `refuse` refuses, else one `review` sends it to a person, and without either it is accepted.
  All reasons found are told, not only the first.
* Counting says whether an accepted check-in helps attendance. Its reasons never touch the verdict. When a roster line
  or a project's state changes, the check-ins concerned are counted anew; nobody has to punch again. `counts` stays
  empty (`null`) until the check-in is accepted or refused.

## The fence rule 围栏规则

With *d* the distance from the position to the fence's edge (negative inside), *a* the accuracy that the phone states
and *m* the margin, all in metres:

| outcome | when | effect |
| --- | --- | --- |
| outside | *d* - *a* > *m* | `outside_fence`, refused |
| inside | *d* + *a* <= *m*, and *a* is not above the accuracy limit | no reason |
| uncertain | everything else | `location_uncertain`, a person decides |

So a poor accuracy can prove absence but never presence. Where a project has several fences, the nearest edge counts.
Positions and fences are compared in WGS-84; what comes in `gcj02` or `bd09` is converted once.

Example: 612 m from the centre of a round fence of 200 m, accuracy 15 m, margin 50 m. *d* = 612 - 200 = 412 m, and
412 - 15 = 397 m is more than 50 m even at the kindest reading: refused, "distance 612 m, fence 200 m, accuracy 15 m".

## Policy numbers 考勤规则参数

They are data: rows of the table `policy`, each with a version, a first day and a scope (city, body or project). The
narrowest scope in force on the day of the check-in wins, then the latest first day. Rows are added, never edited, and
each decision record names the version it used. The migration `0002` writes the first row, `check_in-1`, for the city.
There is no route for policies yet: a row is added by a migration, in the database, or for faces by
`./daogang faces calibrate --write` ([faces.md](faces.md)); verdicts given before stay.
The window in which a check-in counts belongs to attendance, with days and rates: [attendance.md](attendance.md).

| number | value | meaning |
| --- | --- | --- |
| `margin_m` | 50 | metres outside the edge that still count as inside |
| `accuracy_limit_m` | 60 | the worst accuracy in metres that can prove presence |
| `fix_max_age_s` | 120 | the oldest position in seconds, at the time of receipt (or of the photo, if that is later) |
| `faces.dlib.accept` | 0.40 | face distances up to this match |
| `faces.dlib.refuse` | 0.50 | face distances above this do not match; between the two a person decides |
| `liveness.challenge` | false | whether a check-in must answer a challenge of head turns |
| `liveness.challenge_s` | 60 | seconds a challenge is valid; within the first half the same one is given again |
| `liveness.passive` | null | below this a passive model's photo is not live; null asks no model |

These are starting values to be calibrated, not the city's rules: the articles of 沪建质安(2019)347号 that would set
them are not public.
"""

REASONS_INTRO = """
## The reasons 原因一览

*Numbers* says whether the person who checks in is told the numbers behind a reason; the supervising body sees them all.
`{names}` in a text stand for those numbers.
"""

OTHERS_INTRO = """
## All other codes 其他代码

What is said against a request, an enrolment photo or a fence. A refused request carries them as RFC 9457 problem
details, each with its field and its numbers.
"""


def reasons_table() -> str:
    """The whole of docs/reasons.md."""
    others = {code: texts for code, texts in TEXTS.items() if code.split(".")[0] not in REASONS}
    return "".join(
        [
            HEAD,
            REASONS_INTRO,
            table(
                ("code", "about", "effect", "numbers", "中文", "English"),
                (_reason_row(code, rule) for code, rule in REASONS.items()),
            ),
            OTHERS_INTRO,
            table(("code", "中文", "English"), ((f"`{code}`", *texts) for code, texts in others.items())),
        ]
    )


def _reason_row(code: str, rule: Rule) -> tuple[str, ...]:
    chinese, english = TEXTS[code]
    for special, (zh, en) in TEXTS.items():
        if special.startswith(f"{code}."):
            chinese, english = f"{chinese}<br>`{special}`：{zh}", f"{english}<br>`{special}`: {en}"
    return f"`{code}`", str(rule.kind), str(rule.effect), _numbers(rule), chinese, english


def _numbers(rule: Rule) -> str:
    if rule.told_as:
        return f"withheld; all but the body read `{rule.told_as}`"
    return "told" if rule.tell_numbers else "withheld"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown, with an empty line before it."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def main() -> None:
    """Write the file."""
    REASONS_FILE.write_text(reasons_table(), encoding="utf-8")


if __name__ == "__main__":
    main()

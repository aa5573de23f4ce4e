"""From a cell to a value: days, numbers, words and texts as people type them, or what is wrong with them."""

import math
import re
import unicodedata
from datetime import date, datetime

from service.domain.identifiers import compact, compact_phone
from service.errors import Problem
from service.spreadsheets.cells import Cell, Unusable, shown
from service.spreadsheets.columns import Column, Reads, Words, normal

Value = str | date | float
#: A spreadsheet keeps 15 digits of a number; the others have become zeros (IEEE 754).
EXACT = 10**15
_POWER = re.compile(r"[0-9]+(\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})(?:([0-9]{2})([0-9]{2})|[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?)")
#: What a program writes behind a day where it wants a time: midnight is none.
_TIMED = re.compile(r"(.*[0-9日])[ T]([0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)")
#: No column of the database takes these: control characters and halves of surrogate pairs.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 1, 1)
_MEASURE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
#: How many words are told to who used another one.
_TOLD = 20


def value_of(cell: Cell, column: Column, words: Words) -> Value | Problem | None:
    """The value of a cell; None where it is empty."""
    if isinstance(cell, Unusable):
        return Problem(cell.problem.code, column.field, cell.problem.data)
    text = shown(cell)
    if not text:
        return Problem("missing", column.field) if column.required else None
    match column.reads:
        case Reads.DAY:
            return _day(cell, text, column)
        case Reads.MEASURE:
            return _measure(cell, text, column)
        case Reads.WORD:
            return _word(text, column, words)
    return _text(cell, text, column)


def _text(cell: Cell, text: str, column: Column) -> str | Problem:
    if (isinstance(cell, int | float) and abs(cell) >= EXACT) or (
        column.reads is not Reads.TEXT and _POWER.fullmatch(text)
    ):
        return Problem("number_lost_digits", column.field)
    if _CONTROLS.search(text):
        return Problem("invalid", column.field)
    if len(text) > column.most:
        return Problem("bad_length", column.field, {"min": 1, "max": column.most})
    if column.reads is Reads.IDENTIFIER:
        return compact_phone(text) if column.field == "phone" else compact(text)
    return "".join(unicodedata.normalize("NFKC", text).split()) if column.reads is Reads.NUMBER else text


def _day(cell: Cell, text: str, column: Column) -> date | Problem:
    written = unicodedata.normalize("NFKC", text)
    timed = _TIMED.fullmatch(written)
    if isinstance(cell, date):
        found: date | None = cell.date() if isinstance(cell, datetime) else cell
    else:
        found = _written_day(timed[1] if timed else written)
    if found is None:
        return Problem("bad_date", column.field)
    if timed and timed[2].strip("0:."):
        return Problem("time_in_day", column.field)
    if not _EARLIEST < found < _LATEST:
        return Problem("out_of_range", column.field, {"min": _EARLIEST.isoformat(), "max": _LATEST.isoformat()})
    return found


def _written_day(text: str) -> date | None:
    """2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日 or 20260301."""
    parts = _DAY.fullmatch("".join(text.split()))
    try:
        return date(*(int(part) for part in parts.groups() if part)) if parts else None
    except ValueError:
        return None


def _measure(cell: Cell, text: str, column: Column) -> float | Problem:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        number = float(cell)
    else:
        narrow = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "")
        number = float(narrow) if _MEASURE.fullmatch(narrow) else math.nan
    if not 0 <= number < 1e12:  # noqa: PLR2004 - a million million is no building; NaN is not in it
        return Problem("not_a_number", column.field)
    return number


def _word(text: str, column: Column, words: Words) -> str | Problem:
    known = words.get(column.words or "", {})
    codes = known.get(normal(text), frozenset())
    if len(codes) > 1:
        return Problem("ambiguous_word", column.field, {"choices": sorted(codes)})
    if not codes:
        every = sorted({code for each in known.values() for code in each})
        return Problem("not_a_choice", column.field, {"choices": [*every[:_TOLD], *(["…"] if every[_TOLD:] else [])]})
    return next(iter(codes))

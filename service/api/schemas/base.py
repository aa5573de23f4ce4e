"""What all schemas share: unknown fields are refused, and every message is a code with its numbers."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from service.domain.identifiers import seen
from service.errors import Problem

# marshmallow's keys of error messages, and our codes; numbers follow after a bar (api/errors.py reads them).
_CODES = {
    "required": "missing",
    "null": "null_not_allowed",
    "too_large": "not_a_number",
    "special": "not_a_number",
    "invalid_awareness": "naive_time",
    "unknown": "not_a_choice|choices={choices}",
}
_SLUG = re.compile(r"[a-z][a-z0-9_]*")
_EARLIEST, _LATEST = date(1990, 1, 1), date(2100, 1, 1)


class Strict(Schema):
    """The base of all schemas that come in."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "unknown_field", "type": "invalid"}  # noqa: RUF012 - marshmallow reads this attribute

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Turn every message of the field into its code."""
        number = isinstance(field_obj, fields.Number)
        other = "not_a_number" if number else "invalid"
        field_obj.error_messages = {key: _CODES.get(key, other) for key in field_obj.error_messages}
        if isinstance(field_obj, fields.List):
            self.on_bind_field(field_name, field_obj.inner)


class Out(Schema):
    """The base of all schemas that go out; what is None stays, so that a reader always finds the field."""


class Text(fields.String):
    """A trimmed line of text without control characters, which no database column takes."""

    controls = ""

    def __init__(self, least: int = 1, most: int = 200, **kwargs: Any) -> None:
        super().__init__(validate=length(least, most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **kwargs)).strip()
        if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in self.controls for char in text):
            raise ValidationError("invalid")
        return text


class Name(Text):
    """A name: without format characters, which hide in it or turn around how it reads."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if name != seen(name):
            raise ValidationError("invalid")
        return name


class Slug(Text):
    """A code that people and addresses spell the same: [a-z][a-z0-9_]{0,39}."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=40, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        code = super()._deserialize(value, attr, data, **kwargs)
        if code and not _SLUG.fullmatch(code):
            raise ValidationError("bad_code")
        return code


class Lines(Text):
    """The same of several lines."""

    controls = "\n"


class Secret(fields.String):
    """A password as it was typed, spaces and all; half a surrogate pair is no character anybody types."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(validate=length(least, most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        secret: str = super()._deserialize(value, attr, data, **kwargs)
        if any(unicodedata.category(char) == "Cs" for char in secret):
            raise ValidationError("invalid")
        return secret


class Measure(fields.Float):
    """A number that comes as one: Python would read the text "3_1" as 31."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        number: float = super()._validated(value)
        return number


class Instant(fields.AwareDateTime):
    """A time with its zone, inside a century the database can hold; RFC 3339 in UTC on the way out."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        at: datetime = super()._deserialize(value, attr, data, **kwargs)
        if not _EARLIEST < at.date() < _LATEST:
            raise ValidationError(f"out_of_range|min={_EARLIEST}|max={_LATEST}")
        return at.astimezone(UTC)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Day(fields.Date):
    """A calendar day in Shanghai, inside the same century."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **kwargs)
        if not _EARLIEST < day < _LATEST:
            raise ValidationError(f"out_of_range|min={_EARLIEST}|max={_LATEST}")
        return day


def choice(values: type[StrEnum], **kwargs: Any) -> fields.Enum[Any]:
    """A field that holds one value of a StrEnum."""
    return fields.Enum(values, by_value=True, **kwargs)


def between(low: float, high: float) -> validate.Range:
    """A number from low to high, both included."""
    return validate.Range(low, high, error=f"out_of_range|min={low}|max={high}")


def length(least: int, most: int) -> validate.Length:
    """A text or list of a length, both ends included."""
    return validate.Length(least, most, error=f"bad_length|min={least}|max={most}")


def check(code: str, passes: Callable[[Any], bool]) -> Callable[[Any], None]:
    """A validator that refuses with a code."""

    def validator(value: Any) -> None:
        if not passes(value):
            raise ValidationError(code)

    return validator


def refuse(problem: Problem | None) -> None:
    """Refuse with a problem the domain found, its numbers behind bars as everywhere."""
    if problem is not None:
        numbers = "".join(f"|{name}={value}" for name, value in problem.data.items())
        raise ValidationError(f"{problem.code}{numbers}", problem.field or "_schema")

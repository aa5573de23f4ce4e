"""Multipart requests: exactly the parts a route names, in exactly the numbers it allows, looked through before use."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import FileStorage

from face.errors import Refusal
from face.photo import PhotoInfo, PhotoLimits, inspect
from service.api.errors import problems_in
from service.api.strict_json import load
from service.errors import Problem, ServiceError, fault
from service.usecases.enrolment import SentPhoto

View = TypeVar("View", bound=Callable[..., Any])

FORM_LIMIT = 64 * 1024
#: werkzeug holds this against its own read buffer of 64 KiB too, photos included, so it must be well above that.
FORM_MEMORY = 512 * 1024
PHOTO_PART = "photo"
PHOTO_LIMITS = PhotoLimits()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a multipart route takes: one JSON part and some photos."""

    form: str
    schema: type[Schema]
    photos: int = 1

    @property
    def most_bytes(self) -> int:
        """The largest request that could be well-formed."""
        return self.photos * (PHOTO_LIMITS.max_bytes + 4096) + 2 * FORM_LIMIT


def multipart(blueprint: Blueprint, parts: Parts) -> Callable[[View], View]:
    """Call the view with `(photos, form)`; every problem of every part is told at once."""

    def decorate(view: View) -> View:
        @wraps(view)
        def reading(*args: Any, **kwargs: Any) -> Any:
            return view(*args, *_read(parts), **kwargs)

        return cast("View", blueprint.doc(requestBody=_described(parts))(reading))

    return decorate


def _described(parts: Parts) -> dict[str, Any]:
    photo: dict[str, Any] = {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP or HEIC"}
    if parts.photos > 1:
        photo = {"type": "array", "items": photo, "minItems": 1, "maxItems": parts.photos}
    schema = {
        "type": "object",
        "required": [PHOTO_PART, parts.form],
        "properties": {PHOTO_PART: photo, parts.form: parts.schema},
    }
    encoding = {parts.form: {"contentType": "application/json"}}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}


def _read(parts: Parts) -> tuple[list[SentPhoto], Any]:
    if request.mimetype != "multipart/form-data":
        raise fault("not_multipart")
    request.max_content_length = parts.most_bytes
    request.max_form_memory_size = FORM_MEMORY
    request.max_form_parts = parts.photos + 5
    files = request.files.getlist(PHOTO_PART)
    problems = [*_counted(PHOTO_PART, len(files), parts.photos), *_unknown(parts)]
    texts = request.form.getlist(parts.form) + [_text(file) for file in request.files.getlist(parts.form)]
    if any(len(text) > FORM_LIMIT for text in texts):
        raise fault("request_too_large", parts.form, limit_bytes=FORM_LIMIT)
    problems += _counted(parts.form, len(texts), 1)
    if problems:
        raise ServiceError(problems)
    photos = [_photo(file, at, len(files)) for at, file in enumerate(files, start=1)]
    form = _form(parts, texts[0])
    bad = [item for part in (*photos, form) if isinstance(part, ServiceError) for item in part.problems]
    if bad:
        raise ServiceError(bad)
    return [photo for photo in photos if isinstance(photo, SentPhoto)], form


def _counted(part: str, count: int, most: int) -> list[Problem]:
    if count == 0:
        return [Problem("part_missing", part, {"part": part})]
    if count > most:
        return [Problem("part_repeated", part, {"part": part, "count": count, "min": 1, "max": most})]
    return []


def _unknown(parts: Parts) -> list[Problem]:
    names = sorted(({*request.form, *request.files}) - {PHOTO_PART, parts.form})
    # A part without a file name is a text, whatever it holds; alone it is told as a missing photo.
    text = PHOTO_PART in request.form and PHOTO_PART in request.files
    unknown = [Problem("part_unknown", name[:80], {"part": name[:80]}) for name in names]
    return [Problem("not_an_image", PHOTO_PART), *unknown] if text else unknown


def _text(file: FileStorage) -> str:
    return file.stream.read(4 * FORM_LIMIT + 1).decode("utf-8", errors="replace")


def _photo(file: FileStorage, at: int, count: int) -> SentPhoto | ServiceError:
    data = file.stream.read(PHOTO_LIMITS.max_bytes + 1)
    seen = inspect(data, PHOTO_LIMITS)
    if isinstance(seen, PhotoInfo):
        return SentPhoto(data, seen)
    return _refused(seen, PHOTO_PART if count == 1 else f"{PHOTO_PART}.{at}")


def _refused(refusal: Refusal, field: str) -> ServiceError:
    return fault(refusal.code, field, **refusal.data)


def _form(parts: Parts, text: str) -> Any:
    try:
        content = load(text)
    except ServiceError as error:
        return fault(error.code, parts.form, **error.problems[0].data)
    except ValueError:
        return fault("bad_json", parts.form)
    try:
        return parts.schema().load(content)
    except ValidationError as error:
        return ServiceError(problems_in(error.messages, parts.form))

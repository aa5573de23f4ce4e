"""Multipart requests: exactly the parts a route names, in exactly the numbers it allows, looked through before use."""

from collections.abc import Callable, Iterator, Sequence
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
PHOTO_PART, FRAME_PART, FILE_PART = "photo", "frame", "file"
PHOTO_LIMITS = PhotoLimits()
#: A camera's frame of 960 x 1280 has 0.1 to 0.4 MB; twelve times a photo's limits would be too much for one request.
FRAME_LIMITS = PhotoLimits(max_bytes=1_000_000, max_pixels=5_000_000)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a multipart route takes: one JSON part, one photo or more, and up to some frames.

    With `file_bytes` it is one file of at most that many bytes instead of photos, handed on as it is.
    """

    form: str
    schema: type[Schema]
    photos: int = 1
    frames: int = 0
    file_bytes: int = 0

    @property
    def part(self) -> str:
        """The name of the part that has to be there beside the form."""
        return FILE_PART if self.file_bytes else PHOTO_PART

    @property
    def most_bytes(self) -> int:
        """The largest request that could be well-formed."""
        if self.file_bytes:
            return self.file_bytes + 2 * FORM_LIMIT
        photos = self.photos * (PHOTO_LIMITS.max_bytes + 4096)
        return photos + self.frames * (FRAME_LIMITS.max_bytes + 4096) + 2 * FORM_LIMIT

    @property
    def names(self) -> set[str]:
        """The names a part may have."""
        return {self.part, self.form} | ({FRAME_PART} if self.frames else set())


def multipart(blueprint: Blueprint, parts: Parts) -> Callable[[View], View]:
    """Call the view with `(photos, form)`, frames behind the photos, or with `(file, form)` and the file's bytes.

    Every problem of every part is told at once.
    """

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
    file = {"type": "string", "format": "binary", "description": f"at most {parts.file_bytes} bytes"}
    properties = {parts.part: file if parts.file_bytes else photo, parts.form: parts.schema}
    if parts.frames:
        told = f"frames of the same camera in the order in which they were taken, {FRAME_LIMITS.max_bytes} bytes each"
        frame = {"type": "string", "format": "binary"}
        properties[FRAME_PART] = {"type": "array", "items": frame, "maxItems": parts.frames, "description": told}
    schema = {"type": "object", "required": [parts.part, parts.form], "properties": properties}
    encoding = {parts.form: {"contentType": "application/json"}}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}


def _read(parts: Parts) -> tuple[list[SentPhoto] | bytes, Any]:
    if request.mimetype != "multipart/form-data":
        raise fault("not_multipart")
    request.max_content_length = parts.most_bytes
    request.max_form_memory_size = FORM_MEMORY
    request.max_form_parts = parts.photos + parts.frames + 5
    files, frames = request.files.getlist(parts.part), request.files.getlist(FRAME_PART)
    problems = [*_counted(parts.part, len(files), parts.photos), *_unknown(parts)]
    if parts.frames:
        problems += _counted(FRAME_PART, len(frames), parts.frames, least=0)
    texts = request.form.getlist(parts.form) + [_text(file) for file in request.files.getlist(parts.form)]
    if any(len(text) > FORM_LIMIT for text in texts):
        raise fault("request_too_large", parts.form, limit_bytes=FORM_LIMIT)
    problems += _counted(parts.form, len(texts), 1)
    if problems:
        raise ServiceError(problems)
    form = _form(parts, texts[0])
    if parts.file_bytes:
        file = _file(files[0], parts.file_bytes)
        _refuse(file, form)
        return cast("bytes", file), form
    photos = [*_photos(PHOTO_PART, files, PHOTO_LIMITS), *_photos(FRAME_PART, frames, FRAME_LIMITS)]
    _refuse(*photos, form)
    return [photo for photo in photos if isinstance(photo, SentPhoto)], form


def _refuse(*parts: object) -> None:
    bad = [item for part in parts if isinstance(part, ServiceError) for item in part.problems]
    if bad:
        raise ServiceError(bad)


def _file(file: FileStorage, limit: int) -> bytes | ServiceError:
    data = file.stream.read(limit + 1)
    return fault("file_too_large", FILE_PART, limit_bytes=limit) if len(data) > limit else data


def _counted(part: str, count: int, most: int, least: int = 1) -> list[Problem]:
    if count < least:
        return [Problem("part_missing", part, {"part": part})]
    if count > most:
        return [Problem("part_repeated", part, {"part": part, "count": count, "min": least, "max": most})]
    return []


def _unknown(parts: Parts) -> list[Problem]:
    names = sorted(({*request.form, *request.files}) - parts.names)
    # A part without a file name is a text, whatever it holds; alone it is told as a missing photo.
    texts = [PHOTO_PART] if PHOTO_PART in request.form and PHOTO_PART in request.files else []
    texts += [FRAME_PART] if parts.frames and FRAME_PART in request.form else []
    unknown = [Problem("part_unknown", name[:80], {"part": name[:80]}) for name in names]
    return [*(Problem("not_an_image", name) for name in texts), *unknown]


def _text(file: FileStorage) -> str:
    return file.stream.read(4 * FORM_LIMIT + 1).decode("utf-8", errors="replace")


def _photos(part: str, files: Sequence[FileStorage], limits: PhotoLimits) -> Iterator[SentPhoto | ServiceError]:
    for at, file in enumerate(files, start=1):
        data = file.stream.read(limits.max_bytes + 1)
        seen = inspect(data, limits)
        if isinstance(seen, PhotoInfo):
            yield SentPhoto(data, seen)
        else:
            yield _refused(seen, part if len(files) == 1 else f"{part}.{at}")


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

"""Photos and scans as answers: never cached, never guessed at by a browser."""

from flask import Response


def image(data: bytes, media_type: str) -> Response:
    """The bytes of a photo under their own type."""
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return Response(data, content_type=media_type, headers=headers)


def attachment(data: bytes, media_type: str, stem: str) -> Response:
    """The same of a scan, as a file to keep: no browser opens somebody's PDF within our address."""
    response = image(data, media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{stem}.{media_type.rpartition("/")[2]}"'
    return response

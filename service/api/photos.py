"""Photos as answers: never cached, never guessed at by a browser."""

from flask import Response


def image(data: bytes, media_type: str) -> Response:
    """The bytes of a photo under their own type."""
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return Response(data, content_type=media_type, headers=headers)

"""JSON read with a limit on nesting, so that no body can exhaust the parser or what walks its result."""

import json
from typing import Any

from flask.json.provider import DefaultJSONProvider

from service.errors import fault

DEPTH_LIMIT = 32


class StrictJson(DefaultJSONProvider):
    """Flask's JSON with that limit, and Chinese left readable."""

    ensure_ascii = False
    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parsed JSON; `json_too_deep` beyond the limit."""
        return load(s, **kwargs)


def load(text: str | bytes, **kwargs: Any) -> Any:
    """Parsed JSON; ValueError where it is none, `json_too_deep` beyond the limit."""
    plain = text.decode("utf-8") if isinstance(text, bytes) else text
    if _depth(plain) > DEPTH_LIMIT:
        raise fault("json_too_deep", limit=DEPTH_LIMIT)
    return json.loads(plain, object_pairs_hook=_unrepeated, **kwargs)


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different; which of two the sender meant, nobody can know."""
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return content


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside strings; it stops counting once the limit is passed."""
    depth = deepest = 0
    quoted = escaped = False
    for char in text:
        if quoted:
            quoted, escaped = escaped or char != '"', char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEPTH_LIMIT:
                return deepest
        elif char in "]}":
            depth -= 1
    return deepest

"""The contract over HTTP (docs/connectors/*.openapi.yaml): pages asked for with a bearer token, read strictly."""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_random_exponential

from service.connectors.base import Permanent
from service.connectors.source import LIMIT, Page, SourceDown, is_line

#: For an answer from the question to its last byte, all attempts together: who asks has others waiting.
TIMEOUT_S = 10.0
ATTEMPTS = 3
# An attempt that begins at the last moment still is one.
_SHORTEST_S = 0.01
#: A page of 200 filings with ten people each has about 0.5 MB.
MOST_BYTES = 8_000_000
#: Keys in one question: an address stays below 8 KB.
KEYS = 50

#: What a peer's status means; None: busy, try again. Any other but 200 is a question it does not understand.
CODES: dict[int, str | None] = {
    401: "source_refused_us",
    403: "source_refused_us",
    429: None,
}


class HttpSource:
    """A peer that serves `path`: GET ?after=&limit= or ?key=&key=, and POST path/query for one person."""

    def __init__(self, base_url: str, token: str, path: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        # Packed answers would have no size before they are unpacked.
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Accept-Encoding": "identity"}
        self._client = httpx.Client(base_url=base_url, headers=headers)

    def changes(self, after: str | None) -> Iterator[Page]:
        """Pages until the peer says that there is no more; one that leads back to where it was is refused."""
        seen = {after}
        more = True
        while more:
            asked = {"limit": LIMIT, **({} if after is None else {"after": after})}
            content, digest = self._tried("GET", self._path, params=asked)
            after, more = _cursor_in(content, after), content.get("more") is True
            if more and after in seen:
                raise Permanent("source_repeats")
            seen.add(after)
            yield Page(content["items"], after, digest)

    def again(self, keys: Sequence[str]) -> Iterator[Page]:
        """Those of these records that the peer still has."""
        for at in range(0, len(keys), KEYS):
            asked = keys[at : at + KEYS]
            content, digest = self._tried("GET", self._path, params={"key": list(asked)})
            yield Page(content["items"], None, digest, asked)

    def of_person(self, number: str, name: str) -> Page:
        """The certificates of one person; the number travels in the body, where no log keeps it."""
        question = {"document_number": number, "name": name}
        content, digest = self._tried("POST", f"{self._path}/query", json=question)
        return Page(content["items"], None, digest)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _tried(self, method: str, path: str, **question: Any) -> tuple[dict[str, Any], str]:  # noqa: ANN401 - httpx's
        """The answer and its SHA-256; asked again with growing, jittered pauses only while the peer may be better.

        A peer that says nothing takes the whole time with its first attempt.
        """
        until = time.monotonic() + self._timeout_s
        for attempt in Retrying(
            retry=retry_if_exception_type(SourceDown),
            stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(self._timeout_s),
            wait=wait_random_exponential(multiplier=0.2, max=3.0),
            reraise=True,
        ):
            with attempt:
                return self._asked(method, path, until, **question)
        raise SourceDown("source_unavailable")

    def _asked(
        self,
        method: str,
        path: str,
        until: float,
        **question: Any,  # noqa: ANN401 - httpx's
    ) -> tuple[dict[str, Any], str]:
        # A question may carry a document number, so no error of httpx, which would show it, leaves this method.
        try:
            left = max(until - time.monotonic(), _SHORTEST_S)
            with self._client.stream(method, path, timeout=left, **question) as answer:
                _require_good(answer)
                body = _body_of(answer, until)
        except (httpx.RequestError, httpx.InvalidURL):
            raise SourceDown("source_unavailable") from None
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise SourceDown("source_unreadable") from None
        if not _is_page(content):
            raise SourceDown("source_unreadable")
        return content, hashlib.sha256(body).hexdigest()


def _require_good(answer: httpx.Response) -> None:
    status = answer.status_code
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise SourceDown("source_unavailable")
    if status != httpx.codes.OK:
        code = CODES.get(status, "source_other_contract")
        raise SourceDown("source_unavailable") if code is None else Permanent(code)
    if answer.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        raise SourceDown("source_unreadable")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Permanent("source_other_contract")


def _body_of(answer: httpx.Response, until: float) -> bytes:
    """What was sent, as long as it is neither too much nor too late: a peer may send a byte a second."""
    body = bytearray()
    for part in answer.iter_raw():
        body += part
        if len(body) > MOST_BYTES:
            raise Permanent("source_too_large")
        if time.monotonic() > until:
            raise SourceDown("source_unavailable")
    return bytes(body)


def _is_page(content: object) -> bool:
    """True for records, and not more than were asked for: such a peer does not keep its own pages apart."""
    items = content.get("items") if isinstance(content, dict) else None
    return isinstance(items, list) and len(items) <= LIMIT


def _cursor_in(content: dict[str, Any], before: str | None) -> str | None:
    told = content.get("next")
    if told is None and not content["items"]:
        return before
    if not isinstance(told, str) or not told or not is_line(told) or not isinstance(content.get("more"), bool):
        raise SourceDown("source_unreadable")
    return told

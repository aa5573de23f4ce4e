"""WeChat's mini-program sign-in: a code from wx.login becomes an openid; the session key is dropped at once."""

import json
from typing import Any, Protocol

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from service.connectors.base import Permanent, Temporary

TIMEOUT_S = 3.0
ATTEMPTS = 3

# WeChat's codes for jscode2session, ours or None for "busy, try again". Unknown codes are permanent.
CODES: dict[int, str | None] = {
    -1: None,
    40029: "wechat_code_invalid",
    40163: "wechat_code_invalid",
    45011: "wechat_too_often",
    40226: "wechat_user_blocked",
    40013: "wechat_refused_us",
    40125: "wechat_refused_us",
}


class WeChat(Protocol):
    """What the program needs of WeChat."""

    def openid(self, code: str) -> str:
        """The openid behind a wx.login code; Temporary or Permanent."""


class WeChatApi:
    """The real protocol: GET /sns/jscode2session."""

    def __init__(self, base_url: str, app_id: str, app_secret: str) -> None:
        self._params = {"appid": app_id, "secret": app_secret, "grant_type": "authorization_code"}
        self._client = httpx.Client(base_url=base_url, timeout=TIMEOUT_S)

    def openid(self, code: str) -> str:
        """The openid; tried again with growing, jittered pauses only while WeChat is busy or out of reach."""
        for attempt in Retrying(
            retry=retry_if_exception_type(Temporary),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.1, max=1.0),
            reraise=True,
        ):
            with attempt:
                return _openid_in(self._ask(code))
        raise Temporary("wechat")

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _ask(self, code: str) -> dict[str, Any]:
        # The address carries the secret and the code, so no error of httpx, which would show it, leaves this method.
        try:
            answer = self._client.get("/sns/jscode2session", params={**self._params, "js_code": code})
        except httpx.RequestError as error:
            raise Temporary(type(error).__name__) from None
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Temporary(str(answer.status_code))
        try:
            # The body is JSON under the name text/plain.
            content = json.loads(answer.text)
        except ValueError:
            raise Temporary("unreadable") from None
        if not isinstance(content, dict):
            raise Temporary("unreadable")
        return content


def _openid_in(content: dict[str, Any]) -> str:
    # A success may carry no errcode at all, and an errcode may come as a string.
    try:
        number = int(content.get("errcode") or 0)
    except (TypeError, ValueError):
        raise Temporary("unreadable") from None
    if number:
        code = CODES.get(number, "wechat_refused_us")
        raise Temporary(str(number)) if code is None else Permanent(code)
    openid = content.get("openid")
    if not isinstance(openid, str) or not openid:
        raise Permanent("wechat_refused_us")
    return openid

"""A fake WeChat that speaks jscode2session over real HTTP: single-use codes that live five minutes, and its faults.

A phone's `wx.login` is played by `GET /wx.login?user=NAME` -> {"code": ...}. A user called `busy` makes WeChat busy,
`blocked` a high-risk user; `busy-once-NAME` is busy at the first question and answers the second.
"""

import argparse
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from flask import Flask, Response, request

from service.settings import DEVELOPMENT

CODE_LIFE_S = 300


@dataclass(slots=True)
class Phones:
    """The codes given out and not used yet."""

    app_id: str
    app_secret: str
    clock: Callable[[], float] = time.monotonic
    codes: dict[str, tuple[str, float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def login(self, user: str) -> str:
        """A fresh code for a user, as wx.login gives a phone."""
        code = secrets.token_urlsafe(24)
        with self.lock:
            self.codes[code] = (user, self.clock())
        return code

    def exchange(self, code: str) -> dict[str, object]:
        """WeChat's answer to a code: an openid once, then 40029."""
        with self.lock:
            user, made = self.codes.pop(code, ("", 0.0))
            if user == "busy" or user.startswith("busy-once-"):
                # Who is busy has not looked at the code, so it can be asked about again.
                self.codes[code] = (user.removeprefix("busy-once-"), made)
        if user == "busy" or user.startswith("busy-once-"):
            return {"errcode": -1, "errmsg": "system error"}
        if user == "blocked":
            return {"errcode": "40226", "errmsg": "code blocked"}
        if not user or self.clock() - made > CODE_LIFE_S:
            return {"errcode": 40029, "errmsg": "invalid code"}
        openid = "o" + sha256(f"{self.app_id}:{user}".encode()).hexdigest()[:27]
        return {"openid": openid, "session_key": secrets.token_urlsafe(16)}


def create_fake(app_id: str, app_secret: str) -> Flask:
    """The WSGI application of the fake."""
    app = Flask(__name__)
    phones = Phones(app_id, app_secret)
    app.extensions["phones"] = phones

    def answer(content: dict[str, object]) -> Response:
        # WeChat says text/plain although it sends JSON.
        return Response(json.dumps(content), content_type="text/plain")

    @app.get("/wx.login")
    def login() -> Response:
        return answer({"code": phones.login(request.args["user"])})

    @app.get("/sns/jscode2session")
    def jscode2session() -> Response:
        if request.args.get("appid") != phones.app_id:
            return answer({"errcode": 40013, "errmsg": "invalid appid"})
        if request.args.get("secret") != phones.app_secret:
            return answer({"errcode": 40125, "errmsg": "invalid appsecret"})
        return answer(phones.exchange(request.args.get("js_code", "")))

    return app


def main() -> None:
    """Serve the fake on loopback; refused in production."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    if os.environ.get("DAOGANG_ENV") != DEVELOPMENT:
        raise SystemExit("the fake WeChat only starts with DAOGANG_ENV=development")
    app = create_fake(os.environ["WECHAT_APP_ID"], os.environ["WECHAT_APP_SECRET"])
    app.run("127.0.0.1", port, threaded=True)


if __name__ == "__main__":
    main()

"""The WeChat connector against a peer on real HTTP: each row of its code table, and everything a network does."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

import httpx
import pytest
from tenacity import wait_none
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from service.connectors import wechat
from service.connectors.base import Permanent, Temporary
from service.connectors.fakes.wechat import CODE_LIFE_S, create_fake
from service.connectors.wechat import ATTEMPTS, CODES, WeChatApi

Answer = Callable[[Request], Response]
# What WeChat documents for jscode2session, and what each number means to a person.
PERMANENT = {
    40029: "wechat_code_invalid",
    40163: "wechat_code_invalid",
    45011: "wechat_too_often",
    40226: "wechat_user_blocked",
    40013: "wechat_refused_us",
    40125: "wechat_refused_us",
}
GOOD: dict[str, object] = {"openid": "o-1", "session_key": "must not leave"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once: the pauses between attempts are tenacity's business."""
    monkeypatch.setattr(wechat, "wait_random_exponential", lambda **_: wait_none())


def said(content: object, status: int = 200) -> Response:
    """An answer as WeChat writes it: JSON that calls itself text."""
    return Response(json.dumps(content), status, content_type="text/plain")


class Peer:
    """A server that answers as told and remembers what it was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self._answers = answers

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> object:
        request = Request(environ)
        answer = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append(parse_qs(request.query_string.decode()))
        return answer(request)(environ, start_response)


@contextmanager
def talking_to(*answers: Answer) -> Iterator[tuple[WeChatApi, Peer]]:
    peer = Peer(list(answers))
    server = make_server("127.0.0.1", 0, peer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    api = WeChatApi(f"http://127.0.0.1:{server.server_port}", "wxtest", "secret")
    try:
        yield api, peer
    finally:
        api.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_code_becomes_an_openid_by_the_question_wechat_documents() -> None:
    with talking_to(lambda _: said(GOOD)) as (api, peer):
        assert api.openid("a code") == "o-1"
    assert peer.asked == [
        {"appid": ["wxtest"], "secret": ["secret"], "js_code": ["a code"], "grant_type": ["authorization_code"]}
    ]


@pytest.mark.parametrize(
    "content", [GOOD, {**GOOD, "errcode": 0}, {**GOOD, "errcode": "0"}, {**GOOD, "errcode": None, "unionid": "u"}]
)
def test_a_success_may_carry_no_errcode_or_an_empty_one(content: dict[str, object]) -> None:
    with talking_to(lambda _: said(content)) as (api, _):
        assert api.openid("c") == "o-1"


@pytest.mark.parametrize("written", [int, str])
@pytest.mark.parametrize(("number", "code"), PERMANENT.items())
def test_each_code_of_the_table_is_permanent_and_asked_once(
    number: int, code: str, written: Callable[[int], object]
) -> None:
    with talking_to(lambda _: said({"errcode": written(number), "errmsg": "x"})) as (api, peer):
        with pytest.raises(Permanent) as refused:
            api.openid("c")
        assert (refused.value.code, len(peer.asked)) == (code, 1)


def test_only_busy_is_worth_another_try() -> None:
    assert {**PERMANENT, -1: None} == CODES


def test_a_code_nobody_documented_is_permanent() -> None:
    with talking_to(lambda _: said({"errcode": 99_999})) as (api, peer):
        with pytest.raises(Permanent, match="wechat_refused_us"):
            api.openid("c")
        assert len(peer.asked) == 1


@pytest.mark.parametrize("content", [{}, {"openid": ""}, {"openid": 7}, {"openid": None}, {"session_key": "k"}])
def test_an_answer_without_an_openid_is_a_refusal(content: dict[str, object]) -> None:
    with talking_to(lambda _: said(content)) as (api, _), pytest.raises(Permanent, match="wechat_refused_us"):
        api.openid("c")


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: said({"errcode": -1, "errmsg": "system error"}),
        lambda _: said({"errcode": "-1"}),
        lambda _: said({"errcode": "busy"}),
        lambda _: said({"errcode": ["-1"]}),
        lambda _: said(GOOD, 500),
        lambda _: said(GOOD, 503),
        lambda _: Response("<html>502 Bad Gateway</html>", 502),
        lambda _: Response("<html>welcome to this hotel</html>"),
        lambda _: Response(""),
        lambda _: Response("[]"),
        lambda _: Response("null"),
        lambda _: Response(b"\xff\xfe\x00"),
        lambda _: Response(b"not gzip", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_what_may_pass_is_tried_three_times_and_then_temporary(answer: Answer) -> None:
    with talking_to(answer) as (api, peer):
        with pytest.raises(Temporary):
            api.openid("c")
        assert len(peer.asked) == ATTEMPTS


@pytest.mark.parametrize("trouble", [said({"errcode": -1}), said({}, 500), Response("oops")])
def test_an_answer_after_trouble_is_taken(trouble: Response) -> None:
    with talking_to(lambda _: trouble, lambda _: trouble, lambda _: said(GOOD)) as (api, peer):
        assert api.openid("c") == "o-1"
        assert len(peer.asked) == ATTEMPTS


def test_a_refusal_after_trouble_is_final() -> None:
    with talking_to(lambda _: said({}, 500), lambda _: said({"errcode": 40029})) as (api, peer):
        with pytest.raises(Permanent, match="wechat_code_invalid"):
            api.openid("c")
        assert len(peer.asked) == 2


def test_a_wechat_nobody_reaches_is_temporary() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api = WeChatApi(f"http://127.0.0.1:{port}", "wxtest", "secret")
    with pytest.raises(Temporary):
        api.openid("c")
    api.close()


def test_a_wechat_that_answers_too_late_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wechat, "TIMEOUT_S", 0.1)
    given_up = threading.Event()

    def slow(_: Request) -> Response:
        given_up.wait(30)
        return said(GOOD)

    with talking_to(slow) as (api, peer):
        with pytest.raises(Temporary):
            api.openid("c")
        given_up.set()
        assert len(peer.asked) == ATTEMPTS


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: said({"errcode": 40125, "errmsg": "invalid appsecret secret"}),
        lambda _: said({"errcode": -1, "session_key": "must not leave"}),
        lambda _: Response("secret must not leave"),
        lambda _: Response(b"x", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_no_error_shows_the_secret_the_code_or_the_session_key(answer: Answer) -> None:
    with talking_to(answer) as (api, _):
        with pytest.raises((Temporary, Permanent)) as failed:
            api.openid("the-code-of-a-phone")
        shown = repr(failed.value) + repr(failed.value.__cause__) + repr(vars(failed.value))
    for secret in ("secret", "the-code-of-a-phone", "must not leave", "127.0.0.1"):
        assert secret not in shown


def of_the_fake(url: str) -> WeChatApi:
    return WeChatApi(url, "wxtest", "secret")


def code_for(url: str, user: str) -> str:
    return json.loads(httpx.get(f"{url}/wx.login", params={"user": user}).text)["code"]


def test_the_fake_gives_one_user_one_openid_whatever_the_code(wechat_url: str) -> None:
    api = of_the_fake(wechat_url)
    chen, again, zhou = (api.openid(code_for(wechat_url, user)) for user in ("chen", "chen", "zhou"))
    assert chen == again != zhou
    assert len(chen) == 28
    api.close()


@pytest.mark.parametrize(
    ("app_id", "app_secret", "number"), [("wxother", "secret", 40013), ("wxtest", "guessed", 40125)]
)
def test_the_fake_refuses_a_program_it_does_not_know(
    wechat_url: str, app_id: str, app_secret: str, number: int
) -> None:
    api = WeChatApi(wechat_url, app_id, app_secret)
    with pytest.raises(Permanent, match="wechat_refused_us"):
        api.openid(code_for(wechat_url, "chen"))
    api.close()
    question = {"appid": app_id, "secret": app_secret, "js_code": code_for(wechat_url, "chen")}
    answer = httpx.get(f"{wechat_url}/sns/jscode2session", params=question)
    assert json.loads(answer.text)["errcode"] == number
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("user", "error", "code"),
    [("blocked", Permanent, "wechat_user_blocked"), ("busy", Temporary, "-1")],
)
def test_the_fake_plays_the_faults_it_is_asked_for(
    wechat_url: str, user: str, error: type[Exception], code: str
) -> None:
    api = of_the_fake(wechat_url)
    with pytest.raises(error, match=code):
        api.openid(code_for(wechat_url, user))
    api.close()


def test_the_fake_is_busy_once_when_asked_to(wechat_url: str) -> None:
    api = of_the_fake(wechat_url)
    assert api.openid(code_for(wechat_url, "busy-once-chen")) == api.openid(code_for(wechat_url, "chen"))
    api.close()


@pytest.mark.parametrize("code", ["", "invented"])
def test_the_fake_knows_no_code_it_did_not_give(wechat_url: str, code: str) -> None:
    api = of_the_fake(wechat_url)
    with pytest.raises(Permanent, match="wechat_code_invalid"):
        api.openid(code)
    api.close()


def test_a_code_of_the_fake_works_once_and_for_five_minutes() -> None:
    phones = create_fake("wxtest", "secret").extensions["phones"]
    now = [0.0]
    phones.clock = lambda: now[0]
    used, kept, old = phones.login("chen"), phones.login("chen"), phones.login("chen")
    assert "openid" in phones.exchange(used)
    assert phones.exchange(used)["errcode"] == 40029
    now[0] = float(CODE_LIFE_S)
    assert "openid" in phones.exchange(kept)
    now[0] += 0.001
    assert phones.exchange(old)["errcode"] == 40029

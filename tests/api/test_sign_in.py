"""Signing in: by password, once with a password that must be replaced, and by WeChat over real HTTP."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.deps import Deps
from service.domain.actors import Actor, Grant, Role, Scope
from service.store.models import Account, Audit, GrantRow, Invitation
from service.usecases import accounts, people, sessions
from tests.api.conftest import Log
from tests.api.support import API, Caller, member, said
from tests.factories import NUMBERS, World
from tests.fakes import SetClock

CHOSEN = "a password of my own"


@dataclass
class Member:
    """An account and the password the city was shown."""

    name: str
    password: str
    id: Any


@pytest.fixture
def officer(world: World, deps: Deps) -> Member:
    name = f"officer-{next(NUMBERS)}"
    grants = [Grant(Role.OFFICER, Scope.BODY, world.body())]
    account, password = accounts.add_account(name, grants, None, actor_id=None, deps=deps)
    return Member(name, password, account.id)


def sign_in(client: FlaskClient, **values: Any) -> TestResponse:
    return client.post(f"{API}/sessions", json=values)


def whoever(client: FlaskClient, session: TestResponse) -> dict[str, Any]:
    """Who a session speaks for."""
    response = client.get(f"{API}/me", headers={"Authorization": f"Bearer {session.json['access_token']}"})
    assert response.status_code == 200, response.text
    return response.json


def test_a_one_time_password_signs_in_when_it_is_replaced(client: FlaskClient, officer: Member) -> None:
    response = sign_in(client, name=officer.name, password=officer.password, new_password=CHOSEN)
    assert response.status_code == 201
    assert set(response.json) == {"access_token", "token_type", "expires_in"}
    assert (response.json["token_type"], response.json["expires_in"]) == ("Bearer", 43_200)
    assert whoever(client, response)["name"] == officer.name


def test_the_password_chosen_then_signs_in_by_itself(client: FlaskClient, officer: Member) -> None:
    sign_in(client, name=officer.name, password=officer.password, new_password=CHOSEN)
    assert whoever(client, sign_in(client, name=officer.name, password=CHOSEN))["name"] == officer.name


def test_a_one_time_password_alone_asks_for_one_of_ones_own(client: FlaskClient, officer: Member) -> None:
    response = sign_in(client, name=officer.name, password=officer.password)
    assert said(response) == (403, [("new_password_needed", "new_password")])
    assert response.json["errors"][0]["data"] == {"min": 10}


def test_a_one_time_password_works_once(client: FlaskClient, officer: Member) -> None:
    assert sign_in(client, name=officer.name, password=officer.password, new_password=CHOSEN).status_code == 201
    again = sign_in(client, name=officer.name, password=officer.password, new_password=CHOSEN + "!")
    assert said(again) == (401, [("wrong_credentials", None)])
    assert sign_in(client, name=officer.name, password=CHOSEN).status_code == 201


def test_a_one_time_password_cannot_become_the_password(client: FlaskClient, officer: Member) -> None:
    response = sign_in(client, name=officer.name, password=officer.password, new_password=officer.password)
    assert said(response) == (422, [("new_password_same", "new_password")])


@pytest.mark.parametrize(
    ("new_password", "problem"),
    [
        ("too short", ("bad_length", "new_password")),
        ("", ("bad_length", "new_password")),
        ("x" * 201, ("bad_length", "new_password")),
        (None, ("null_not_allowed", "new_password")),
        (1_234_567_890, ("invalid", "new_password")),
    ],
)
def test_a_password_nobody_should_choose_is_refused_and_the_old_one_stays(
    client: FlaskClient, officer: Member, new_password: object, problem: tuple[str, str]
) -> None:
    response = sign_in(client, name=officer.name, password=officer.password, new_password=new_password)
    assert said(response) == (422, [problem])
    assert sign_in(client, name=officer.name, password=officer.password, new_password=CHOSEN).status_code == 201


@pytest.mark.parametrize(
    "password", [CHOSEN, "密码密码密码密码密码", " with spaces at both ends ", "\0\0\0\0\0\0\0\0\0\0", "😀" * 10]
)
def test_a_password_is_taken_as_it_was_typed(client: FlaskClient, officer: Member, password: str) -> None:
    assert sign_in(client, name=officer.name, password=officer.password, new_password=password).status_code == 201
    assert sign_in(client, name=officer.name, password=password).status_code == 201
    assert said(sign_in(client, name=officer.name, password=password + " "))[0] == 401


@pytest.mark.parametrize("field", ["password", "new_password"])
def test_half_a_surrogate_pair_is_no_password(client: FlaskClient, officer: Member, field: str) -> None:
    values = {"name": officer.name, "password": officer.password, "new_password": CHOSEN, field: "\ud800" * 12}
    response = client.post(f"{API}/sessions", data=json.dumps(values), content_type="application/json")
    assert said(response) == (422, [("invalid", field)])


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(client: FlaskClient, officer: Member) -> None:
    answers = [
        sign_in(client, name=officer.name, password="not the one"),
        sign_in(client, name="nobody at all", password=officer.password),
        sign_in(client, name=officer.name, password="not the one", new_password=CHOSEN),
    ]
    bodies = [{**answer.json, "request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]
    assert said(answers[0]) == (401, [("wrong_credentials", None)])


def test_an_unknown_name_costs_a_comparison_too(
    client: FlaskClient, officer: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    real = sessions._matches
    monkeypatch.setattr(sessions, "_matches", lambda *texts: compared.append(texts) or real(*texts))
    sign_in(client, name="nobody at all", password="x")
    sign_in(client, name=officer.name, password="x")
    assert len(compared) == 2
    assert all(stored.startswith("$argon2id$") for stored, _ in compared)


def test_an_account_without_a_password_cannot_be_signed_in_to(client: FlaskClient, world: World) -> None:
    with world.deps.database.begin() as work:
        work.add(Account(name="phone only", openid="openid"))
    assert said(sign_in(client, name="phone only", password="None")) == (401, [("wrong_credentials", None)])


def test_a_closed_account_is_like_none(client: FlaskClient, officer: Member, deps: Deps) -> None:
    with deps.database.begin() as work:
        work.session.get_one(Account, officer.id).active = False
    response = sign_in(client, name=officer.name, password=officer.password, new_password=CHOSEN)
    assert said(response) == (401, [("wrong_credentials", None)])


def test_a_reset_password_works_once_again(client: FlaskClient, officer: Member, deps: Deps) -> None:
    sign_in(client, name=officer.name, password=officer.password, new_password=CHOSEN)
    password = accounts.reset_password(officer.name, deps=deps)
    assert said(sign_in(client, name=officer.name, password=CHOSEN))[0] == 401
    assert said(sign_in(client, name=officer.name, password=password))[0] == 403


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({}, {("missing", "name"), ("missing", "password")}),
        ({"name": "x", "password": ""}, {("bad_length", "password")}),
        ({"name": 7, "password": ["x"]}, {("invalid", "name"), ("invalid", "password")}),
        ({"name": "x\0y", "password": "x"}, {("invalid", "name")}),
        ({"name": "x", "password": "x", "role": "city"}, {("unknown_field", "role")}),
    ],
)
def test_a_sign_in_that_is_none_is_refused_by_field(
    client: FlaskClient, values: dict[str, Any], problems: set[tuple[str, str]]
) -> None:
    status, told = said(sign_in(client, **values))
    assert (status, set(told)) == (422, problems)


def test_no_password_reaches_the_log(client: FlaskClient, officer: Member, log: Log) -> None:
    sign_in(client, name=officer.name, password=officer.password)
    sign_in(client, name=officer.name, password="not the one", new_password=CHOSEN)
    assert len(log.lines) == 2
    for secret in (officer.name, officer.password, CHOSEN, "not the one"):
        assert secret not in log.text


class Phone:
    """A WeChat user with our mini-program."""

    def __init__(self, client: FlaskClient, wechat_url: str, user: str) -> None:
        self.client, self.url, self.user = client, wechat_url, user

    def code(self) -> str:
        """What wx.login gives."""
        return json.loads(httpx.get(f"{self.url}/wx.login", params={"user": self.user}).text)["code"]

    def bind_to(self, caller: Caller) -> TestResponse:
        """Bind this phone to somebody who signed in with his staff account."""
        return caller.post("/me/wechat", {"code": self.code()})

    def sign_in(self, activation_code: str | None = None, **values: Any) -> TestResponse:
        if activation_code is not None:
            values["activation_code"] = activation_code
        return self.client.post(f"{API}/sessions/wechat", json={"code": self.code(), **values})


@pytest.fixture
def phone(client: FlaskClient, wechat_url: str) -> Callable[[str], Phone]:
    return lambda user: Phone(client, wechat_url, user)


@dataclass
class Invited:
    person_id: Any
    code: str


@pytest.fixture
def invited(world: World, city: Caller) -> Invited:
    person = world.person()
    response = city.post(f"/people/{person.id}/invitations")
    assert response.status_code == 201, response.text
    return Invited(person.id, response.json["activation_code"])


def test_an_activation_code_binds_a_phone_to_its_person(
    client: FlaskClient, phone: Callable[[str], Phone], invited: Invited
) -> None:
    response = phone("chen").sign_in(invited.code)
    assert response.status_code == 201
    me = whoever(client, response)
    assert (me["person_id"], me["person_name"]) == (str(invited.person_id), "陈立项")
    assert me["grants"] == [{"role": "key_person", "scope": "self", "scope_id": None}]


def test_the_same_phone_signs_in_again_without_a_code(
    client: FlaskClient, phone: Callable[[str], Phone], invited: Invited
) -> None:
    first = whoever(client, phone("chen").sign_in(invited.code))
    assert whoever(client, phone("chen").sign_in()) == first


@pytest.mark.parametrize("written", ["{}", " {} ", "lower"])
def test_an_activation_code_may_be_typed_sloppily(
    phone: Callable[[str], Phone], invited: Invited, written: str
) -> None:
    code = invited.code.lower() if written == "lower" else written.format(invited.code)
    assert phone("chen").sign_in(code).status_code == 201


def test_an_unknown_phone_without_a_code_is_asked_for_one(phone: Callable[[str], Phone]) -> None:
    assert said(phone("stranger").sign_in()) == (403, [("activation_needed", "activation_code")])


def test_an_unknown_activation_code_binds_nobody(phone: Callable[[str], Phone], deps: Deps) -> None:
    assert said(phone("stranger").sign_in("DEADBEEF")) == (422, [("activation_invalid", "activation_code")])
    with deps.database.begin() as work:
        assert work.session.scalars(select(Account).where(Account.openid.is_not(None))).all() == []


def test_an_activation_code_binds_one_phone_only(
    client: FlaskClient, phone: Callable[[str], Phone], invited: Invited
) -> None:
    assert phone("chen").sign_in(invited.code).status_code == 201
    assert said(phone("thief").sign_in(invited.code)) == (422, [("activation_invalid", "activation_code")])
    assert said(phone("thief").sign_in()) == (403, [("activation_needed", "activation_code")])
    assert whoever(client, phone("chen").sign_in())["person_id"] == str(invited.person_id)


def test_an_activation_code_ends_after_seven_days(
    phone: Callable[[str], Phone], invited: Invited, clock: SetClock
) -> None:
    clock.pass_(days=7)
    assert said(phone("chen").sign_in(invited.code)) == (422, [("activation_invalid", "activation_code")])


def test_an_activation_code_still_works_a_second_before_its_end(
    phone: Callable[[str], Phone], invited: Invited, clock: SetClock
) -> None:
    clock.at += people.INVITATION_LIFE - timedelta(seconds=1)
    assert phone("chen").sign_in(invited.code).status_code == 201


def test_a_newer_invitation_ends_the_earlier_one(city: Caller, phone: Callable[[str], Phone], invited: Invited) -> None:
    newer = city.post(f"/people/{invited.person_id}/invitations").json["activation_code"]
    assert said(phone("chen").sign_in(invited.code))[1] == [("activation_invalid", "activation_code")]
    assert phone("chen").sign_in(newer).status_code == 201


def test_an_invitation_is_kept_as_a_hash_only(invited: Invited, deps: Deps) -> None:
    with deps.database.begin() as work:
        (row,) = work.session.scalars(select(Invitation))
        audits = [entry.data for entry in work.session.scalars(select(Audit))]
    assert len(row.code_hash) == 32
    assert invited.code.encode() not in row.code_hash
    assert invited.code not in json.dumps(audits)


def test_an_activation_code_never_opens_a_staff_account(
    city: Caller, phone: Callable[[str], Phone], world: World, invited: Invited
) -> None:
    member(world, Role.OPERATOR, Scope.CITY, person_id=invited.person_id)
    assert said(phone("chen").sign_in(invited.code)) == (409, [("staff_account", None)])
    assert said(city.post(f"/people/{invited.person_id}/invitations")) == (409, [("staff_account", None)])


def test_somebody_with_a_staff_account_binds_his_own_phone_and_checks_in_with_it(
    client: FlaskClient, phone: Callable[[str], Phone], world: World, speaking_for: Callable[[Actor], Caller]
) -> None:
    person = world.person()
    officer = speaking_for(member(world, Role.OPERATOR, Scope.CITY, person_id=person.id))
    me = whoever(client, phone("zhou").bind_to(officer))
    assert me["account_id"] == str(officer.actor.account_id)
    assert {grant["role"] for grant in me["grants"]} == {"operator", "key_person"}
    assert said(officer.get("/me")) == (401, [("token_invalid", None)])
    assert whoever(client, phone("zhou").sign_in()) == me


def test_an_account_of_nobody_binds_no_phone(city: Caller, phone: Callable[[str], Phone]) -> None:
    assert said(phone("zhou").bind_to(city)) == (403, [("no_person", None)])


def test_a_phone_bound_to_somebody_is_not_bound_to_another(
    phone: Callable[[str], Phone],
    world: World,
    city: Caller,
    invited: Invited,
    speaking_for: Callable[[Actor], Caller],
) -> None:
    phone("chen").sign_in(invited.code)
    officer = speaking_for(member(world, Role.OPERATOR, Scope.CITY, person_id=world.person().id))
    assert said(phone("chen").bind_to(officer)) == (409, [("wechat_bound_to_other", "code")])
    code = city.post(f"/people/{world.person().id}/invitations").json["activation_code"]
    assert said(phone("chen").sign_in(code)) == (409, [("wechat_bound_to_other", "activation_code")])
    assert phone("zhou").sign_in(code).status_code == 201


def test_what_a_new_password_or_a_new_phone_replaces_ends_its_tokens(
    client: FlaskClient, officer: Member, city: Caller, phone: Callable[[str], Phone], invited: Invited
) -> None:
    first = sign_in(client, name=officer.name, password=officer.password, new_password=CHOSEN)
    second = sign_in(client, name=officer.name, password=CHOSEN)
    whoever(client, first)
    sign_in(client, name=officer.name, password=CHOSEN, new_password=CHOSEN + "!")
    old = phone("old phone").sign_in(invited.code)
    phone("new phone").sign_in(city.post(f"/people/{invited.person_id}/invitations").json["activation_code"])
    for session in (first, second, old):
        headers = {"Authorization": f"Bearer {session.json['access_token']}"}
        assert said(client.get(f"{API}/me", headers=headers)) == (401, [("token_invalid", None)])


def test_a_new_phone_of_the_same_person_takes_the_place_of_the_old_one(
    city: Caller, client: FlaskClient, phone: Callable[[str], Phone], invited: Invited, deps: Deps
) -> None:
    old = whoever(client, phone("old phone").sign_in(invited.code))
    code = city.post(f"/people/{invited.person_id}/invitations").json["activation_code"]
    assert whoever(client, phone("new phone").sign_in(code)) == old
    assert said(phone("old phone").sign_in()) == (403, [("activation_needed", "activation_code")])
    with deps.database.begin() as work:
        assert len(work.session.scalars(select(GrantRow).where(GrantRow.role == Role.KEY_PERSON)).all()) == 1


@pytest.mark.parametrize("bound", [False, True])
def test_a_closed_account_is_not_opened_by_a_phone(
    city: Caller, phone: Callable[[str], Phone], invited: Invited, deps: Deps, *, bound: bool
) -> None:
    phone("chen").sign_in(invited.code)
    with deps.database.begin() as work:
        work.session.scalars(select(Account).where(Account.person_id == invited.person_id)).one().active = False
    code = city.post(f"/people/{invited.person_id}/invitations").json["activation_code"]
    response = phone("chen").sign_in() if bound else phone("new phone").sign_in(code)
    assert said(response) == (403, [("account_closed", None)])


def test_a_wechat_code_works_once(phone: Callable[[str], Phone], client: FlaskClient, invited: Invited) -> None:
    code = phone("chen").code()
    values = {"code": code, "activation_code": invited.code}
    assert client.post(f"{API}/sessions/wechat", json=values).status_code == 201
    again = client.post(f"{API}/sessions/wechat", json={"code": code})
    assert said(again) == (401, [("wechat_code_invalid", "code")])


def test_an_invented_wechat_code_is_refused(client: FlaskClient) -> None:
    response = client.post(f"{API}/sessions/wechat", json={"code": "invented"})
    assert said(response) == (401, [("wechat_code_invalid", "code")])


def test_a_wechat_that_is_busy_once_is_asked_again(phone: Callable[[str], Phone], invited: Invited) -> None:
    assert phone("busy-once-chen").sign_in(invited.code).status_code == 201


def test_a_wechat_that_stays_busy_is_told_with_when_to_come_back(
    phone: Callable[[str], Phone], invited: Invited
) -> None:
    response = phone("busy").sign_in(invited.code)
    assert said(response) == (503, [("wechat_unavailable", None)])
    assert int(response.headers["Retry-After"]) > 0
    assert phone("chen").sign_in(invited.code).status_code == 201


def test_a_user_wechat_blocks_is_refused(phone: Callable[[str], Phone], invited: Invited) -> None:
    assert said(phone("blocked").sign_in(invited.code)) == (403, [("wechat_user_blocked", "code")])


def test_nothing_of_a_wechat_sign_in_but_our_token_leaves_or_is_logged(
    phone: Callable[[str], Phone], invited: Invited, deps: Deps, log: Log
) -> None:
    good, bad = phone("chen").sign_in(invited.code), phone("stranger").sign_in("DEADBEEF")
    assert set(good.json) == {"access_token", "token_type", "expires_in"}
    with deps.database.begin() as work:
        openid = work.session.scalars(select(Account.openid).where(Account.person_id == invited.person_id)).one()
        audits = [entry.data for entry in work.session.scalars(select(Audit))]
    assert "request refused" in log.text
    for told in (good.text, bad.text, log.text, json.dumps(audits)):
        for secret in (openid, "session_key", "openid", deps.settings.wechat_app_secret, invited.code, "DEADBEEF"):
            assert secret not in told


def test_only_the_city_opens_accounts_and_sees_a_password_once(city: Caller, client: FlaskClient, world: World) -> None:
    grants = [{"role": "officer", "scope": "body", "scope_id": str(world.body())}]
    opened = city.post("/accounts", {"name": "officer zhou", "grants": grants})
    assert opened.status_code == 201
    assert opened.json["grants"] == grants
    listed = city.get("/accounts").json["items"]
    assert opened.json["one_time_password"] not in json.dumps(listed)
    assert opened.json["id"] in {item["id"] for item in listed}
    values = {"name": "officer zhou", "password": opened.json["one_time_password"], "new_password": CHOSEN}
    assert whoever(client, sign_in(client, **values))["account_id"] == opened.json["id"]


@pytest.mark.parametrize(
    ("grant", "problem"),
    [
        ({"role": "officer", "scope": "city"}, ("scope_not_of_role", "grants")),
        ({"role": "city", "scope": "body", "scope_id": "{body}"}, ("scope_not_of_role", "grants")),
        ({"role": "officer", "scope": "body"}, ("scope_id_needed", "grants")),
        ({"role": "city", "scope": "city", "scope_id": "{body}"}, ("scope_id_needed", "grants")),
        ({"role": "emperor", "scope": "city"}, ("not_a_choice", "grants.0.role")),
        ({"role": "officer"}, ("missing", "grants.0.scope")),
        ({"role": "officer", "scope": "body", "scope_id": "x"}, ("invalid", "grants.0.scope_id")),
    ],
)
def test_a_role_is_given_within_a_scope_of_its_kind(
    city: Caller, world: World, grant: dict[str, str], problem: tuple[str, str]
) -> None:
    body = str(world.body())
    filled = {name: body if value == "{body}" else value for name, value in grant.items()}
    assert said(city.post("/accounts", {"name": "somebody", "grants": [filled]})) == (422, [problem])


@pytest.mark.parametrize(
    ("changes", "status", "problem"),
    [
        ({"name": "taken"}, 409, ("already_exists", "name")),
        ({"grants": [{"role": "city", "scope": "city"}] * 2}, 409, ("already_exists", "grants")),
        ({"person_id": "00000000-0000-0000-0000-000000000007"}, 422, ("unknown_reference", "person_id")),
        ({"grants": []}, 422, ("bad_length", "grants")),
        ({"name": "ab"}, 422, ("bad_length", "name")),
        ({"password": CHOSEN}, 422, ("unknown_field", "password")),
    ],
)
def test_an_account_that_cannot_be_is_refused_and_not_half_made(
    city: Caller, deps: Deps, changes: dict[str, Any], status: int, problem: tuple[str, str]
) -> None:
    values = {"name": "taken", "grants": [{"role": "operator", "scope": "city"}]}
    assert city.post("/accounts", values).status_code == 201
    assert said(city.post("/accounts", {**values, "name": "another", **changes})) == (status, [problem])
    with deps.database.begin() as work:
        assert work.session.scalars(select(Account).where(Account.name == "another")).all() == []


def test_me_tells_rights_enrolment_consents_and_posts_of_today(
    enrolled: Any, speaking_for: Callable[[Actor], Caller], world: World
) -> None:
    me = enrolled.caller.get("/me").json
    assert (me["enrolled"], me["consents"]) == (True, ["face", "location"])
    assert me["permissions"] == [
        "attendance.read",
        "certificate.read",
        "check_in.create",
        "check_in.read",
        "consent.withdraw",
        "inbox.read",
        "me.read",
        "reference.read",
    ]
    (post,) = me["posts"]
    assert (post["project_id"], post["post_code"]) == (str(enrolled.site.project_id), "project_manager")
    other = speaking_for(world.key_person(world.person().id)).get("/me").json
    assert (other["enrolled"], other["consents"], other["posts"]) == (False, [], [])

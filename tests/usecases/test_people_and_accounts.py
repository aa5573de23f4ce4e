"""Power over people and accounts: who has it, and what does not give it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Grant, Permission, Role, Scope
from service.errors import ServiceError
from service.store.models import Account, Audit
from service.usecases import accounts, people, roster, sessions
from tests.factories import STARTED, Site, World
from tests.fakes import SetClock


@pytest.fixture
def site(world: World) -> Site:
    return world.site()


def login_code(deps: Deps, user: str) -> str:
    """What wx.login gives this user's phone."""
    return httpx.get(f"{deps.settings.wechat_url}/wx.login", params={"user": user}).json()["code"]


def bound(world: World, person_id: UUID, user: str) -> sessions.Session:
    code, _ = people.invite(person_id, actor=world.city, deps=world.deps)
    return sessions.sign_in_wechat(login_code(world.deps, user), code, deps=world.deps)


def refused(code: str, act: object, *args: object, **kwargs: object) -> None:
    with pytest.raises(ServiceError) as error:
        act(*args, **kwargs)  # type: ignore[operator]
    assert error.value.code == code


def test_a_draft_line_gives_no_power_over_a_person(world: World, site: Site, deps: Deps) -> None:
    person = world.person()
    world.line(site.construction, person.id)
    elsewhere = world.site()
    officer = world.actor(Role.OFFICER, Scope.BODY, elsewhere.body)
    clerk = world.actor(Role.PROJECT_OFFICE, Scope.TEAM, elsewhere.construction)
    values = {"team_id": elsewhere.construction, "person_id": person.id, "post_code": "safety_officer"}
    roster.propose_line({**values, "basis": "filing", "starts_on": STARTED}, actor=clerk, deps=deps)
    assert people.read_person(person.id, actor=officer, deps=deps).id == person.id
    refused("no_line_in_force", people.invite, person.id, actor=officer, deps=deps)
    refused("no_line_in_force", people.change_person, person.id, {"name": "x"}, 1, actor=clerk, deps=deps)
    refused("no_line_in_force", people.withdraw_consent, person.id, "face", actor=officer, deps=deps)


def test_a_line_that_ended_gives_no_power_any_more(world: World, site: Site, deps: Deps, clock: SetClock) -> None:
    person = world.person()
    line = world.line(site.construction, person.id)
    officer = world.actor(Role.OFFICER, Scope.BODY, site.body)
    people.invite(person.id, actor=officer, deps=deps)
    last_day = clock.now().date()
    roster.act_on_line(line.id, roster.LineAct.END, line.version, actor=world.city, deps=deps, ends_on=last_day)
    people.invite(person.id, actor=officer, deps=deps)
    clock.pass_(days=1)
    refused("no_line_in_force", people.invite, person.id, actor=officer, deps=deps)


def test_an_invitation_never_opens_a_staff_account(world: World, site: Site, deps: Deps) -> None:
    person = world.person()
    world.line(site.construction, person.id)
    officer = world.actor(Role.OFFICER, Scope.BODY, site.body)
    code, _ = people.invite(person.id, actor=officer, deps=deps)
    accounts.add_account("boss", [Grant(Role.CITY, Scope.CITY, None)], person.id, actor_id=None, deps=deps)
    refused("staff_account", people.invite, person.id, actor=officer, deps=deps)
    refused("staff_account", sessions.sign_in_wechat, login_code(deps, "officer"), code, deps=deps)


def test_staff_bind_their_own_wechat_after_signing_in(world: World, deps: Deps) -> None:
    person = world.person()
    account, _ = accounts.add_account(
        "manager", [Grant(Role.OPERATOR, Scope.CITY, None)], person.id, actor_id=None, deps=deps
    )
    actor = accounts.as_actor(account)
    assert not actor.may(Permission.CHECK_IN_CREATE)
    sessions.bind_own_wechat(login_code(deps, "manager"), actor=actor, deps=deps)
    session = sessions.sign_in_wechat(login_code(deps, "manager"), None, deps=deps)
    assert sessions.actor_of(session.access_token, deps=deps).may(Permission.CHECK_IN_CREATE)
    refused("no_person", sessions.bind_own_wechat, "any", actor=world.city, deps=deps)


def test_who_checks_in_already_becomes_staff_on_the_same_account(world: World, deps: Deps) -> None:
    person = world.person()
    session = bound(world, person.id, "chen")
    account, _ = accounts.add_account(
        "chen", [Grant(Role.OPERATOR, Scope.CITY, None)], person.id, actor_id=None, deps=deps
    )
    assert account.id == session.account_id
    assert {grant.role for grant in account.grants} == {Role.KEY_PERSON, Role.OPERATOR}
    grant = [Grant(Role.OPERATOR, Scope.CITY, None)]
    refused("already_exists", accounts.add_account, "other", grant, person.id, actor_id=None, deps=deps)


def test_somebody_else_s_code_on_a_bound_phone_signs_nobody_in(world: World, deps: Deps) -> None:
    first, second = world.person(), world.person()
    bound(world, first.id, "shared")
    code, _ = people.invite(second.id, actor=world.city, deps=deps)
    refused("wechat_bound_to_other", sessions.sign_in_wechat, login_code(deps, "shared"), code, deps=deps)
    # The code was not used up by the wrong phone.
    right = sessions.sign_in_wechat(login_code(deps, "own"), code, deps=deps)
    assert sessions.actor_of(right.access_token, deps=deps).person_id == second.id


def test_a_second_phone_ends_the_first(world: World, deps: Deps) -> None:
    person = world.person()
    old = bound(world, person.id, "old")
    new = bound(world, person.id, "new")
    refused("token_invalid", sessions.actor_of, old.access_token, deps=deps)
    assert sessions.actor_of(new.access_token, deps=deps).person_id == person.id
    refused("activation_needed", sessions.sign_in_wechat, login_code(deps, "old"), None, deps=deps)


def test_a_reset_or_closed_account_ends_its_tokens(deps: Deps) -> None:
    _, once = accounts.add_account("a-name", [Grant(Role.OPERATOR, Scope.CITY, None)], None, actor_id=None, deps=deps)
    first = sessions.sign_in("a-name", once, "a password of mine", deps=deps)
    once = accounts.reset_password("a-name", deps=deps)
    refused("token_invalid", sessions.actor_of, first.access_token, deps=deps)
    second = sessions.sign_in("a-name", once, "another password", deps=deps)
    accounts.close_account("a-name", deps=deps)
    refused("token_invalid", sessions.actor_of, second.access_token, deps=deps)


def test_a_key_person_s_account_is_closed_by_his_person(world: World, deps: Deps) -> None:
    person = world.person()
    session = bound(world, person.id, "lost")
    accounts.close_account(str(person.id), deps=deps)
    refused("token_invalid", sessions.actor_of, session.access_token, deps=deps)
    refused("account_closed", sessions.sign_in_wechat, login_code(deps, "lost"), None, deps=deps)


def test_an_invitation_ends_after_seven_days_and_with_the_next_one(world: World, deps: Deps, clock: SetClock) -> None:
    person = world.person()
    first, _ = people.invite(person.id, actor=world.city, deps=deps)
    second, _ = people.invite(person.id, actor=world.city, deps=deps)
    refused("activation_invalid", sessions.sign_in_wechat, login_code(deps, "p"), first, deps=deps)
    clock.pass_(days=7)
    refused("activation_invalid", sessions.sign_in_wechat, login_code(deps, "p"), second, deps=deps)


def test_a_scope_must_exist_and_fit_its_role(world: World, deps: Deps) -> None:
    grants = [{"role": Role.OFFICER, "scope": Scope.BODY, "scope_id": UUID(int=5)}]
    refused("unknown_reference", accounts.open_account, "x-name", grants, None, actor=world.city, deps=deps)
    grants = [{"role": Role.OFFICER, "scope": Scope.CITY}]
    refused("scope_not_of_role", accounts.open_account, "x-name", grants, None, actor=world.city, deps=deps)
    with deps.database.begin() as work:
        assert work.session.scalars(select(Account).where(Account.name == "x-name")).all() == []


def test_a_token_ends_after_twelve_hours(world: World, deps: Deps, clock: SetClock) -> None:
    session = bound(world, world.person().id, "day")
    clock.pass_(seconds=sessions.TOKEN_LIFE.total_seconds() - 1)
    assert isinstance(sessions.actor_of(session.access_token, deps=deps), Actor)
    clock.pass_(seconds=1)
    refused("token_invalid", sessions.actor_of, session.access_token, deps=deps)


def test_a_token_of_another_secret_is_none(world: World, deps: Deps) -> None:
    session = bound(world, world.person().id, "forged")
    other = replace(deps, settings=replace(deps.settings, token_secret="another secret, as long as it must be"))
    refused("token_invalid", sessions.actor_of, session.access_token, deps=other)


def test_numbers_that_are_tried_out_leave_a_trace(world: World, deps: Deps) -> None:
    before = deps.clock.now() - timedelta(seconds=1)
    refused("not_found", people.find_person, "11010519491231002X", actor=world.city, deps=deps)
    with deps.database.begin() as work:
        tried = select(Audit).where(Audit.action == "person:find", Audit.created_at >= before)
        (entry,) = work.session.scalars(tried)
    assert (entry.data, "1101" in entry.subject_id) == ({"found": False}, False)

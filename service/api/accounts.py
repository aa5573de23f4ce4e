"""Routes of signing in, of oneself, and of accounts."""

from typing import Any

from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps
from service.api.paging import PageIn, page_of, split
from service.api.schemas.accounts import (
    AccountIn,
    AccountOut,
    MeOut,
    NewAccountOut,
    OwnWeChatIn,
    SessionOut,
    SignInIn,
    WeChatSignInIn,
)
from service.domain.actors import Permission
from service.usecases import accounts, sessions
from service.usecases.me import read_me

blueprint = Blueprint("accounts", __name__, description="Signing in, oneself, accounts")


@blueprint.route("/sessions", methods=["POST"])
@blueprint.arguments(SignInIn)
@blueprint.response(201, SessionOut)
def sign_in(values: dict[str, Any]) -> Any:
    """Sign in with name and password."""
    return sessions.sign_in(values["name"], values["password"], values.get("new_password"), deps=deps())


@blueprint.route("/sessions/wechat", methods=["POST"])
@blueprint.arguments(WeChatSignInIn)
@blueprint.response(201, SessionOut)
def sign_in_wechat(values: dict[str, Any]) -> Any:
    """Sign in from the mini-program with a wx.login code."""
    return sessions.sign_in_wechat(values["code"], values.get("activation_code"), deps=deps())


@blueprint.route("/me")
@asks(blueprint, Permission.ME_READ)
@blueprint.response(200, MeOut)
def me() -> Any:
    """Who is signed in, his rights, his enrolment and his posts of today."""
    return read_me(actor=actor(), deps=deps())


@blueprint.route("/me/wechat", methods=["POST"])
@asks(blueprint, Permission.ME_READ)
@blueprint.arguments(OwnWeChatIn)
@blueprint.response(201, SessionOut)
def bind_own_wechat(values: dict[str, Any]) -> Any:
    """Bind your own WeChat to your staff account, to check in with it too; earlier tokens end."""
    return sessions.bind_own_wechat(values["code"], actor=actor(), deps=deps())


@blueprint.route("/accounts")
class Accounts(MethodView):
    """Accounts with a password."""

    @asks(blueprint, Permission.ACCOUNT_WRITE)
    @blueprint.arguments(PageIn, location="query")
    @blueprint.response(200, page_of(AccountOut))
    def get(self, query: dict[str, Any]) -> Any:
        """List accounts, newest first."""
        window, _ = split(query)
        return accounts.list_accounts(window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.ACCOUNT_WRITE)
    @blueprint.arguments(AccountIn)
    @blueprint.response(201, NewAccountOut)
    def post(self, values: dict[str, Any]) -> Any:
        """Open an account; its one-time password is shown in this answer and never again."""
        account, password = accounts.open_account(
            values["name"], values["grants"], values.get("person_id"), actor=actor(), deps=deps()
        )
        return {
            "id": account.id,
            "name": account.name,
            "person_id": account.person_id,
            "active": account.active,
            "grants": account.grants,
            "created_at": account.created_at,
            "one_time_password": password,
        }

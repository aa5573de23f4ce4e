"""Signing in, oneself, and accounts."""

from marshmallow import fields

from service.api.schemas.base import Instant, Out, Secret, Strict, Text, choice, length
from service.domain.actors import Role, Scope
from service.usecases.accounts import PASSWORD_MIN


class SignInIn(Strict):
    """Name and password; a one-time password needs `new_password` beside it."""

    name = Text(most=60, required=True)
    password = Secret(1, 200, required=True)
    new_password = Secret(PASSWORD_MIN, 200)


class WeChatSignInIn(Strict):
    """The code of wx.login, and the first time the activation code from the station."""

    code = Text(most=200, required=True)
    activation_code = Text(most=40)


class OwnWeChatIn(Strict):
    """The code of wx.login on your own phone."""

    code = Text(most=200, required=True)


class SessionOut(Out):
    """A bearer token and its life in seconds."""

    access_token = fields.String()
    token_type = fields.Constant("Bearer")
    expires_in = fields.Integer()


class GrantOut(Out):
    """A role within a scope."""

    role = choice(Role)
    scope = choice(Scope)
    scope_id = fields.UUID(allow_none=True)


class GrantIn(Strict):
    """A role to be given within a scope."""

    role = choice(Role, required=True)
    scope = choice(Scope, required=True)
    scope_id = fields.UUID()


class MyPostOut(Out):
    """A post held today."""

    project_id = fields.UUID()
    project_name = fields.String()
    post_code = fields.String()


class MeOut(Out):
    """Who is signed in, and what he may do."""

    account_id = fields.UUID()
    name = fields.String(allow_none=True)
    person_id = fields.UUID(allow_none=True)
    person_name = fields.String(allow_none=True)
    grants = fields.List(fields.Nested(GrantOut))
    permissions = fields.List(fields.String())
    enrolled = fields.Boolean()
    consents = fields.List(fields.String())
    posts = fields.List(fields.Nested(MyPostOut))


class AccountIn(Strict):
    """A new account."""

    name = Text(3, 60, required=True)
    person_id = fields.UUID()
    grants = fields.List(fields.Nested(GrantIn), required=True, validate=length(1, 20))


class AccountOut(Out):
    """An account and its grants."""

    id = fields.UUID()
    name = fields.String(allow_none=True)
    person_id = fields.UUID(allow_none=True)
    active = fields.Boolean()
    grants = fields.List(fields.Nested(GrantOut))
    created_at = Instant()


class NewAccountOut(AccountOut):
    """The one-time password is shown this once."""

    one_time_password = fields.String()

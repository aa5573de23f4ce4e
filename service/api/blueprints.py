"""flask-smorest, set up so that its refusals speak in our shape and unknown fields are refused everywhere."""

from typing import Any, NoReturn

from flask_smorest import Api as SmorestApi
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import RAISE, ValidationError
from webargs import missing
from webargs.flaskparser import FlaskParser, is_json_request

from service.api.errors import problems_in
from service.api.schemas.problem import ProblemOut
from service.api.strict_json import load
from service.errors import ServiceError, fault


class Parser(FlaskParser):
    """Reads JSON bodies and queries."""

    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, RAISE)

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Every problem of every location; the location itself is no part of a field's path."""
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        raise ServiceError([problem for part in messages.values() for problem in problems_in(part)])

    def _raw_load_json(self, req: Any) -> Any:
        """The body with our limit on nesting; webargs' own reader would recurse as deep as anybody likes."""
        body = req.get_data(cache=True)
        if not body:
            return missing
        if not is_json_request(req):
            raise fault("not_json")
        try:
            return load(body)
        except ValueError:
            raise fault("bad_json") from None


class Blueprint(SmorestBlueprint):
    """A resource's routes."""

    ARGUMENTS_PARSER = Parser()


class Api(SmorestApi):
    """The API; errors are answered by api/errors.py and documented as problem details."""

    ERROR_SCHEMA = ProblemOut

    def _register_error_handlers(self) -> None:
        """Leave errors to api/errors.py."""

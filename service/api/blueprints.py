"""flask-smorest, set up so that its refusals speak in our shape and unknown fields are refused everywhere."""

from datetime import date
from typing import Any, NoReturn

from flask import Flask
from flask_smorest import Api as SmorestApi
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import RAISE, ValidationError
from webargs import missing
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.routing import BaseConverter
from werkzeug.routing import ValidationError as NotThisRoute

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


class DayInPath(BaseConverter):
    """A calendar day in an address, `/calendar-days/2026-04-06`; what is no day leads nowhere."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """The day, or the word that this is another route's address."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise NotThisRoute from None


class Api(SmorestApi):
    """The API; errors are answered by api/errors.py and documented as problem details."""

    ERROR_SCHEMA = ProblemOut

    def init_app(self, app: Flask, **kwargs: Any) -> None:
        """Serve an application, with days in its addresses."""
        app.url_map.converters["day"] = DayInPath
        super().init_app(app, **kwargs)
        self.register_converter(DayInPath, lambda _: {"type": "string", "format": "date"})

    def _register_error_handlers(self) -> None:
        """Leave errors to api/errors.py."""

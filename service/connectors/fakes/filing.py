"""A fake filing system that speaks docs/connectors/filing.openapi.yaml over real HTTP, and its faults."""

from collections.abc import Sequence

from flask import Flask

from service.connectors.fakes import registry
from service.connectors.filing import PATH


def create_fake(token: str, records: Sequence[registry.Record] = ()) -> Flask:
    """The WSGI application of the fake."""
    return registry.create_fake(PATH, token, records)


if __name__ == "__main__":
    registry.serve("the fake filing system", "FILING_TOKEN", create_fake)

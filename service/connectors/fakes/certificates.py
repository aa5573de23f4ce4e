"""A fake certificate registry that speaks docs/connectors/certificates.openapi.yaml over real HTTP, and its faults."""

from collections.abc import Sequence

from flask import Flask, Response, request

from service.connectors.certificates import PATH
from service.connectors.fakes import registry
from service.connectors.source import document_of


def create_fake(token: str, records: Sequence[registry.Record] = ()) -> Flask:
    """The WSGI application of the fake."""
    app = registry.create_fake(PATH, token, records)
    shelf: registry.Shelf = app.extensions["shelf"]

    @app.post(f"{PATH}/query")
    def query() -> Response:
        shelf.asked.append("query")
        number = request.get_json()["document_number"]
        another = shelf.fault == "another_person"
        items = [record for record in shelf.records if (document_of(record) == number) is not another]
        return registry.answer(shelf, {"items": items})

    return app


if __name__ == "__main__":
    registry.serve("the fake certificate registry", "CERTIFICATES_TOKEN", create_fake)

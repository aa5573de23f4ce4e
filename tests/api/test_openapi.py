"""The OpenAPI document says what the program does, and the page that shows it needs no other host."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.domain.actors import Permission

OPEN = {("/api/v1/sessions", "post"), ("/api/v1/sessions/wechat", "post")}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/api/openapi.json")
    assert response.status_code == 200
    return response.json


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            yield path, method, item[method]


def everything(node: Any) -> Iterator[Any]:
    """Every node of a document."""
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from everything(child)


def test_it_names_its_version_and_how_to_sign_in(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.0.")
    assert document["info"]["title"] == "Daogang 到岗"
    assert document["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }


def test_it_has_every_route_of_the_program_and_no_other(document: dict[str, Any], app: Flask) -> None:
    served = {
        (re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/")
    }
    assert {(path, method) for path, method, _ in operations(document)} == served


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = {node["$ref"] for node in everything(document) if isinstance(node, dict) and "$ref" in node}
    assert len(references) > 30
    for reference in references:
        node: Any = document
        assert reference.startswith("#/")
        for name in reference[2:].split("/"):
            node = node[name.replace("~1", "/").replace("~0", "~")]
        assert node


def test_every_schema_is_used(document: dict[str, Any]) -> None:
    used = {node["$ref"] for node in everything(document) if isinstance(node, dict) and "$ref" in node}
    # flask-smorest always adds its own schema of pages; ours carry a cursor.
    ours = document["components"]["schemas"].keys() - {"PaginationMetadata"}
    assert {f"#/components/schemas/{name}" for name in ours} <= used


def test_every_operation_says_what_it_does_and_who_may(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"].strip(), where
        assert operation["responses"], where
        if (path, method) in OPEN:
            assert "x-permission" not in operation, where
            assert "security" not in operation, where
        else:
            assert operation["x-permission"] in set(Permission), where
            assert operation["security"] == [{"bearer": []}], where


def test_every_parameter_of_a_path_is_described(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            told = [*item.get("parameters", []), *operation.get("parameters", [])]
            resolved = [
                document["components"]["parameters"][each["$ref"].rsplit("/", 1)[1]] if "$ref" in each else each
                for each in told
            ]
            in_path = {each["name"] for each in resolved if each["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path)), (method, path)


def test_every_act_on_a_version_names_the_header_it_needs(document: dict[str, Any]) -> None:
    needing = {
        (path, method)
        for path, method, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter.get("name") == "If-Match" and parameter["required"]
    }
    assert {(path, method) for path, method, _ in operations(document) if method == "patch"} <= needing
    acts = ("/fences/{key}/approve", "/fences/{key}/end", "/check-ins/{check_in_id}/decide", "/roster-lines/{key}/end")
    assert {(f"/api/v1{path}", "post") for path in acts} <= needing


@pytest.mark.parametrize(
    ("path", "form", "schema"),
    [
        ("/api/v1/check-ins", "claim", "Claim"),
        ("/api/v1/people/{person_id}/enrolments", "form", "Enrolment"),
    ],
)
def test_multipart_bodies_show_the_photo_and_its_form(
    document: dict[str, Any], path: str, form: str, schema: str
) -> None:
    body = document["paths"][path]["post"]["requestBody"]
    assert set(body["content"]) == {"multipart/form-data"}
    content = body["content"]["multipart/form-data"]
    assert content["schema"]["required"] == ["photo", form]
    photo = content["schema"]["properties"]["photo"]
    assert photo.get("items", photo)["format"] == "binary"
    assert schema in content["schema"]["properties"][form]["$ref"]
    assert content["encoding"] == {form: {"contentType": "application/json"}}


def test_a_check_in_lists_its_three_good_answers(document: dict[str, Any]) -> None:
    responses = document["paths"]["/api/v1/check-ins"]["post"]["responses"]
    assert {"200", "201", "202"} <= set(responses)


class Loads(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [
            value for name, value in attrs if value and (name == "src" or (name == "href" and tag == "link"))
        ]


def test_the_page_loads_only_what_we_serve_ourselves(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    (loads := Loads()).feed(page.text)
    assert len(loads.addresses) >= 3
    for address in loads.addresses:
        assert address.startswith("/api/docs/assets/"), address
        asset = client.get(address)
        assert asset.status_code == 200, address
        assert (
            asset.headers["Cache-Control"] == "public, max-age=86400"
            or "max-age=86400" in asset.headers["Cache-Control"]
        )
        asset.close()
    assert not re.findall(r"https?://(?!www\.w3\.org)[\w.]+", page.text)
    assert "/api/openapi.json" in page.text


@pytest.mark.parametrize("path", ["/api/docs/assets/../../../../etc/passwd", "/api/docs/assets/..%2f..%2f__init__.py"])
def test_the_page_serves_its_own_folder_only(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_front_door_leads_to_the_page(client: FlaskClient) -> None:
    response = client.get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/api/docs")

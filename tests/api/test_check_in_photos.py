"""Photos that must be taken, whatever the phone: every one is judged, and what was refused before harms nobody."""

import json
from collections.abc import Callable

import pytest

from demo.photos import as_cmyk, as_grey, as_heic, as_png, exif_rotated, landscape
from service.deps import Deps
from tests.api.support import Puncher, bomb, file, fresh_shot, kept, multipart, text


@pytest.mark.parametrize("as_shot", [exif_rotated, as_grey, as_cmyk, as_png, as_heic, bytes])
def test_a_photo_of_every_usual_kind_is_taken_and_judged(enrolled: Puncher, as_shot: Callable[[bytes], bytes]) -> None:
    row = enrolled.judged(as_shot(fresh_shot()))
    assert (row["state"], row["counts"], row["reasons"]) == ("accepted", True, [])


def test_a_claim_sent_as_a_file_is_taken(puncher: Puncher, deps: Deps) -> None:
    claim = file("claim", json.dumps(puncher.claim()).encode(), "claim.json")
    response = puncher.caller.ask("POST", "/check-ins", **multipart(claim, file("photo", landscape())))
    assert response.status_code == 202
    assert (kept(deps).check_ins, kept(deps).files, kept(deps).queued) == (1, 1, 1)


@pytest.mark.parametrize("filename", ["../../etc/passwd", "照片.jpg", "a.txt", "x" * 5000])
def test_the_name_of_the_photo_file_means_nothing(puncher: Puncher, deps: Deps, filename: str) -> None:
    parts = text("claim", puncher.claim()), file("photo", landscape(), filename)
    assert puncher.caller.ask("POST", "/check-ins", **multipart(*parts)).status_code == 202
    assert kept(deps).files == 1


def test_what_was_refused_before_harms_no_later_check_in(enrolled: Puncher, deps: Deps) -> None:
    for photo in (b"", bomb(), landscape()[:500]):
        assert enrolled.send(photo).status_code == 422
    assert enrolled.send(landscape(), position={"lat": float("nan")}).status_code == 422
    assert kept(deps).check_ins == 0
    assert enrolled.judged()["state"] == "accepted"

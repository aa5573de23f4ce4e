from pathlib import Path

import numpy as np
import pytest

from demo import photos
from face.engines.base import Engine, Reading
from face.match import MatchOutcome, Thresholds, compare
from face.photo import PhotoInfo, inspect
from face.space import space_of
from face.template import Template, build

PERSONS = ("obama", "biden", "collins")
THRESHOLDS = Thresholds(accept=0.40, refuse=0.50)


def variants(engine: Engine, name: str, seeds: range) -> list[Reading]:
    found = [engine.describe(photos.variant(photos.portrait(name), seed=seed)) for seed in seeds]
    readings = [each for each in found if isinstance(each, Reading)]
    assert readings == found
    return readings


@pytest.mark.parametrize("name", photos.PORTRAITS)
def test_every_portrait_is_a_photo_we_take(name: str) -> None:
    assert isinstance(inspect(photos.portrait(name)), PhotoInfo)


def test_the_landscape_is_a_photo_we_take() -> None:
    assert isinstance(inspect(photos.landscape()), PhotoInfo)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        photos.portrait("nobody")


def test_missing_archives_name_the_command_that_fetches_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match="make photos"):
        photos.portrait.__wrapped__("obama")


def test_a_seed_always_gives_the_same_bytes_and_another_seed_others() -> None:
    portrait = photos.portrait("collins")
    assert photos.variant(portrait, seed=1) == photos.variant(portrait, seed=1)
    assert len({photos.variant(portrait, seed=seed) for seed in range(20)}) == 20


@pytest.mark.parametrize("name", photos.PORTRAITS)
def test_variants_stay_the_same_person(engine: Engine, name: str) -> None:
    original = engine.describe(photos.portrait(name))
    assert isinstance(original, Reading)
    away = [float(np.linalg.norm(original.descriptor - each.descriptor)) for each in variants(engine, name, range(5))]
    assert max(away) < 0.4


def test_three_variants_enrol_a_person_and_tell_them_from_the_others(engine: Engine) -> None:
    for name in PERSONS:
        template = build(variants(engine, name, range(3)), engine)
        assert isinstance(template, Template)
        for probe in PERSONS:
            [reading] = variants(engine, probe, range(10, 11))
            expected = MatchOutcome.MATCH if probe == name else MatchOutcome.MISMATCH
            assert compare(template.vector, reading.descriptor, space_of(engine), THRESHOLDS).outcome is expected


def test_true_second_photos_match_an_enrolment_of_variants(engine: Engine) -> None:
    template = build(variants(engine, "obama", range(3)), engine)
    assert isinstance(template, Template)
    for name in ("obama2", "obama3"):
        reading = engine.describe(photos.portrait(name))
        assert isinstance(reading, Reading)
        assert compare(template.vector, reading.descriptor, space_of(engine), THRESHOLDS).outcome is MatchOutcome.MATCH

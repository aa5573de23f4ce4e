"""How often strangers pass and owners are turned away, on labelled photos: `python -m bench.face_accuracy DIR`."""

import argparse
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bench.face_trials import (
    FIGURES,
    Array,
    Round,
    curve,
    figures,
    intervals,
    passing,
    photos_enrolled,
    play,
    rivals_among,
)
from face.adapting import SHIPPED, learn_with_thresholds
from face.det_picture import Mark, svg
from face.engines.base import Engine, Reading
from face.engines.loading import NAMES, load
from face.errors import EngineFailed, EngineUnavailable, Refusal
from face.match import Thresholds
from face.photo import PhotoLimits, inspect
from face.space import Space, space_of

T = TypeVar("T")
#: What became of each photo, by person: its reading or the code of its refusal.
Outcomes = dict[str, list[Reading | str]]

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "var" / "models"
#: Collections of faces are cut smaller than any phone's photo.
LIMITS = PhotoLimits(min_side=1)
PROCESSES = 2


def main() -> None:
    """Run it and print the figures."""
    asked = arguments()
    try:
        engine = load(asked.engine, MODELS)
    except EngineUnavailable as error:
        sys.exit(str(error))
    outcomes = described(asked.folder, asked.engine)
    space, thresholds = compared_in(engine, described(asked.cohort, asked.engine) if asked.cohort else None)
    count = photos_enrolled([len(readings(person)) for person in outcomes.values()], asked.enrol)
    people = {name: readings(person) for name, person in outcomes.items() if len(person) > count}
    say(f"{count} photos enrolled; {len(outcomes) - len(people)} of {len(outcomes)} persons have no more: left out")
    rivals = rivals_among(list(people), groups_in(asked.same_group))
    one_round = partial(play, list(people.values()), rivals, count, engine, space, thresholds.accept)
    rounds = [one_round(seed) for seed in shown(range(asked.rounds), asked.rounds, "comparing")]
    result = {"engine": engine.id} | enrolment(outcomes, rounds) | {"accept_threshold": thresholds.accept}
    result |= report(rounds, thresholds, asked.picture)
    print(json.dumps({key: tidy(value) for key, value in result.items()}))


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="DIR/<person>/<image>")
    parser.add_argument("--cohort", type=Path, metavar="DIR", help="other persons, to adapt to and set thresholds by")
    parser.add_argument("--enrol", type=int, default=5, metavar="N", help="photos a person (5)")
    parser.add_argument("--engine", default="fused", help=", ".join(NAMES))
    parser.add_argument(
        "--same-group", type=Path, metavar="FILE", help="persons, a group a line: impostors for each other"
    )
    parser.add_argument("--rounds", type=int, default=6, help="choices of the photos enrolled (6)")
    parser.add_argument(
        "--picture", type=Path, default=ROOT / "var" / "face_accuracy.svg", metavar="FILE", help="DET curve"
    )
    asked = parser.parse_args()
    for folder in (asked.folder, asked.cohort):
        if folder and not folder.is_dir():
            parser.error(f"{folder} is no folder")
    if asked.enrol < 1 or asked.rounds < 1:
        parser.error("--enrol and --rounds begin at 1")
    return asked


def described(folder: Path, engine: str) -> Outcomes:
    """Each photo of each person, read once by two processes."""
    files = [
        (person.name, path)
        for person in sorted(folder.iterdir())
        if person.is_dir()
        for path in sorted(person.iterdir())
        if path.is_file() and not path.name.startswith(".")
    ]
    outcomes: Outcomes = {name: [] for name, _ in files}
    if not files:
        sys.exit(f"{folder} holds no photos as <person>/<image>")
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        found = pool.map(partial(described_one, engine), [path for _, path in files], chunksize=4)
        for (name, _), outcome in zip(files, shown(found, len(files), f"reading {folder.name}"), strict=True):
            outcomes[name].append(outcome)
    return outcomes


def described_one(engine: str, path: Path) -> Reading | str:
    """A photo's reading or the code of its refusal; of a face that cannot be read the reason, too."""
    data = path.read_bytes()
    try:
        found = inspect(data, LIMITS)
        outcome = found if isinstance(found, Refusal) else loaded(engine).describe(data)
    except EngineFailed:
        return "engine_failed"
    return outcome if isinstance(outcome, Reading) else f"{outcome.code} {outcome.data.get('reason', '')}".strip()


@cache
def loaded(engine: str) -> Engine:
    """The process's one engine."""
    return load(engine, MODELS)


def readings(outcomes: Iterable[Reading | str]) -> list[Reading]:
    """The usable ones."""
    return [each for each in outcomes if isinstance(each, Reading)]


def compared_in(engine: Engine, cohort: Outcomes | None) -> tuple[Space, Thresholds]:
    """The space and its thresholds: as shipped, or learned from the cohort however small it is."""
    if cohort is None:
        if engine.id not in SHIPPED:
            sys.exit(f"no thresholds are shipped for the engine {engine.id}: give --cohort")
        return space_of(engine), SHIPPED[engine.id]
    usable = [found for person in cohort.values() if (found := readings(person))]
    members = [np.stack([reading.descriptor for reading in person]) for person in usable]
    try:
        adaptation, thresholds = learn_with_thresholds(members, space_of(engine))
    except ValueError as error:
        sys.exit(f"the cohort does not do: {error}")
    say(f"adapted to {len(members)} persons with {sum(map(len, members))} usable photos")
    return space_of(engine, adaptation), thresholds


def groups_in(file: Path | None) -> list[list[str]] | None:
    """The groups of persons, one a line."""
    if file is None:
        return None
    return [re.split(r"[\s,]+", line.strip()) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def enrolment(outcomes: Outcomes, rounds: Sequence[Round]) -> dict[str, Any]:
    """How many there were, and how many could not be read or enrolled."""
    every = [each for person in outcomes.values() for each in person]
    codes = Counter(each for each in every if isinstance(each, str))
    for code, photos in codes.most_common():
        say(f"{photos:>6} photos not acquired: {code}")
    say(f"{sum(each.strangers for each in rounds):>6} photos named strangers at enrolment and replaced, all rounds")
    compared = np.array([each.compared for each in rounds])
    return {
        "persons": int(compared.any(axis=0).sum()),
        "photos": len(every),
        "failure_to_enrol": sum(each.failed for each in rounds) / max(1, compared.size),
        "failure_to_acquire": codes.total() / len(every),
    }


def report(rounds: Sequence[Round], thresholds: Thresholds, picture: Path) -> dict[str, float]:
    """The rates, means over the rounds, printed with their intervals; and the curves, written as a picture."""
    pooled: Array = np.sum([each.counts for each in rounds], axis=0)
    means = dict(zip(FIGURES, np.mean([figures(each.counts.sum(axis=0)) for each in rounds], axis=0), strict=True))
    say(f"\naccept {thresholds.accept}, refuse {thresholds.refuse}\n{'':<22}{'mean':>9}    95 % over persons")
    for (name, mean), (low, high) in zip(means.items(), intervals(pooled), strict=True):
        say(f"{name:<22}{mean:>9.3%}    {low:.3%} to {high:.3%}" if not math.isnan(mean) else f"{name:<22}{'-':>9}")
    own, others, own_best, others_best = passing(pooled.sum(axis=0))
    tried = pooled.sum(axis=(0, 2)).astype(int) // len(rounds)
    say("a round: {} of owners, {} of impostors; best of three: {} and {}".format(*tried))
    pairs = {"one photo": (own, others), "best of three": (own_best, others_best)}
    curves = {name: curve(*pair, thresholds.accept) for name, pair in pairs.items() if not np.isnan(pair).any()}
    if not math.isnan(means["fmr"] + means["fnmr"]):
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(svg(curves, [Mark("accept", means["fmr"], means["fnmr"])]), encoding="utf-8")
        say(f"DET curves: {picture}")
    return means


def shown(every: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The same, with a bar that grows."""
    for at, each in enumerate(every, 1):
        done = 40 * at // total
        print(f"\r{what:<24.24}[{'#' * done:<40}] {at}/{total}", end="\n" * (at == total), file=sys.stderr, flush=True)
        yield each


def say(line: str) -> None:
    """Print for the person; the figures alone go to standard output."""
    print(line, file=sys.stderr)


def tidy(value: object) -> object:
    """A number in five digits, none where there is none."""
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else round(float(value), 5)


if __name__ == "__main__":
    main()

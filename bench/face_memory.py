"""Whether a worker's memory stays flat: thousands of photos through one engine: `python -m bench.face_memory`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import psutil

from demo.photos import PORTRAITS, portrait, variant
from face.engines import loading
from face.engines.base import Engine

MB = 1_000_000
# From a thumbnail's to a phone's, because it is their mixture that scatters memory.
SIDES = (480, 960, 1280, 2400, 4032)
EVERY = 50


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=5000, help="how many are described")
    parser.add_argument("--engine", default="fused", help=", ".join(loading.NAMES))
    choices = parser.parse_args()
    photos = [variant(portrait(name), seed=at, side=side) for at, side in enumerate(SIDES) for name in PORTRAITS]
    figures = measure(loading.load(choices.engine, Path("var/models")), photos, choices.photos)
    for name, value in figures.items():
        print(f"{name:<20}{value}", file=sys.stderr)
    print(json.dumps(figures))


def measure(engine: Engine, photos: list[bytes], count: int) -> dict[str, Any]:
    """Describe `count` photos, the given ones over and over, and look at the resident memory now and then."""
    process = psutil.Process()
    loaded = process.memory_info().rss / MB
    seen: list[float] = []
    for at in range(count):
        engine.describe(photos[at % len(photos)])
        if at % EVERY == 0:
            seen.append(process.memory_info().rss / MB)
            print(f"\r{at:>6} photos {seen[-1]:7.1f} MB", end="", file=sys.stderr)
    print(file=sys.stderr)
    third = max(1, len(seen) // 3)
    return {
        "photos": count,
        "loaded_mb": round(loaded, 1),
        "peak_mb": round(max(seen), 1),
        "middle_third_mb": round(max(seen[third : 2 * third] or seen), 1),
        "last_third_mb": round(max(seen[2 * third :] or seen), 1),
    }


if __name__ == "__main__":
    main()

"""Whether a worker's memory stays flat: thousands of photos through one engine: `python -m bench.face_memory`."""

import argparse
import io
import json
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pillow_heif
import psutil
from PIL import Image

from demo.album import large_shot
from demo.photos import PORTRAITS, portrait, variant
from face.engines import loading
from face.engines.base import Engine

MB = 1_000_000
# From a thumbnail's to a tablet's, because it is their mixture that scatters memory; a phone's come beside them.
SIDES = (480, 960, 1280, 1920)
# Formats that cannot be decoded small: one photo in so many.
WHOLE, WHOLE_EVERY = ("PNG", "WEBP", "HEIF"), 20
EVERY = 50
#: ru_maxrss counts kilobytes, but on a Mac bytes.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=5000, help="how many are described")
    parser.add_argument("--engine", default="fused", help=", ".join(loading.NAMES))
    choices = parser.parse_args()
    # Made in another process, so that the peak is the engine's.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        photos = pool.submit(mixture).result()
    figures = measure(loading.load(choices.engine, Path("var/models")), photos, choices.photos)
    for name, value in figures.items():
        print(f"{name:<20}{value}", file=sys.stderr)
    print(json.dumps(figures))


def mixture() -> list[bytes]:
    """JPEGs of many sizes, with one large photo of another format among every WHOLE_EVERY."""
    pillow_heif.register_heif_opener()
    jpegs = [variant(portrait(name), seed=at, side=side) for at, side in enumerate(SIDES) for name in PORTRAITS]
    jpegs += [large_shot(name) for name in PORTRAITS]
    photos: list[bytes] = []
    for at in range(len(WHOLE) * (WHOLE_EVERY - 1)):
        if at % (WHOLE_EVERY - 1) == 0:
            photos.append(_saved_as(WHOLE[at // (WHOLE_EVERY - 1)], jpegs[-1]))
        photos.append(jpegs[at % len(jpegs)])
    return photos


def _saved_as(kind: str, jpeg: bytes) -> bytes:
    with Image.open(io.BytesIO(jpeg)) as photo:
        photo.save(file := io.BytesIO(), kind)
    return file.getvalue()


def measure(engine: Engine, photos: list[bytes], count: int) -> dict[str, Any]:
    """Describe `count` photos, the given ones over and over.

    Megabytes, resident: `loaded` before the first photo; `peak` the most there ever was, also while a photo is decoded;
    `middle_third` and `last_third` the most that was left after a photo, in these thirds of all.
    """
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
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT / MB, 1),
        "middle_third_mb": round(max(seen[third : 2 * third] or seen), 1),
        "last_third_mb": round(max(seen[2 * third :] or seen), 1),
    }


if __name__ == "__main__":
    main()

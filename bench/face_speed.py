"""How fast a photo is read, beside face_recognition in the same run: `python -m bench.face_speed [PHOTO]`."""

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import dlib
import numpy as np
from PIL import Image, ImageOps

from demo.photos import PORTRAITS, portrait, variant
from face.detect import Detector, Face
from face.engines.base import Reading
from face.engines.describers import Array, Chip, Describer, DlibDescriber
from face.engines.loading import load
from face.engines.network_engine import SLACK, WORK_SIDE, NetworkEngine
from face.photo import inspect, pixels
from face.weights.networks import dlib_input
from face.weights.sources import DLIB_NETWORK

T = TypeVar("T")
Ask = Callable[[bytes], tuple[float, float]]
MODELS = Path(__file__).parents[1] / "var" / "models"
SIZES = {"960x1280": (960, 1280), "3024x4032": (3024, 4032)}
ROUNDS, CHIPS = 9, 60

# The library works in its own process: importing it loads a model we do not use and changes Pillow for everyone.
LIBRARY = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import face_recognition
for path in sys.stdin:
    cpu, wall = time.process_time(), time.perf_counter()
    image = face_recognition.load_image_file(path.strip())
    boxes = face_recognition.face_locations(image)
    found = face_recognition.face_encodings(image, boxes)
    print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall, len(found)]), flush=True)
"""


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path, help="a photo of one face; by default a public portrait")
    asked = parser.parse_args()
    engine = load("fused", MODELS)
    if not isinstance(engine, NetworkEngine):
        sys.exit("the default engine is not made of stages")
    picture = pixels(asked.photo.read_bytes() if asked.photo else portrait("obama"), max(map(max, SIZES.values())))
    with library() as ask:
        photos = [compare(name, engine, resized(picture, size), ask) for name, size in SIZES.items()]
    ratio, apart = descriptors(next(each for each in engine.describers if isinstance(each, DlibDescriber)))
    print(json.dumps({"photos": photos, "dlib_ort_ratio": ratio, "dlib_ort_max_diff": apart}))


def resized(picture: Image.Image, size: tuple[int, int]) -> bytes:
    """A JPEG of exactly that size, cut at two sides where the picture has other proportions."""
    ImageOps.fit(picture, size, Image.Resampling.LANCZOS).save(file := io.BytesIO(), "JPEG", quality=92)
    return file.getvalue()


@dataclass(slots=True)
class Watch:
    """CPU and wall seconds by stage, one pair a round."""

    took: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def time(self, stage: str, act: Callable[[], T]) -> T:
        """Do it and note how long it took."""
        cpu, wall = time.process_time(), time.perf_counter()
        made = act()
        self.note(stage, (time.process_time() - cpu, time.perf_counter() - wall))
        return made

    def note(self, stage: str, seconds: tuple[float, float]) -> None:
        """Add a round to a stage."""
        self.took.setdefault(stage, []).append(seconds)

    def ms(self, stage: str) -> tuple[float, float]:
        """The medians of CPU and wall milliseconds."""
        cpu, wall = (statistics.median(column) * 1000 for column in zip(*self.took[stage], strict=True))
        return cpu, wall


class TimedDetector(Detector):
    """The engine's own detector under a watch."""

    def __init__(self, detector: Detector, watch: Watch) -> None:
        self.detector, self.watch = detector, watch

    def find(self, image: Image.Image) -> list[Face]:
        """See `Detector.find`."""
        return self.watch.time("find", lambda: self.detector.find(image))

    def refine(self, image: Image.Image, face: Face) -> Face:
        """See `Detector.refine`."""
        return self.watch.time("refine", lambda: self.detector.refine(image, face))


class TimedDescriber:
    """One of the engine's own networks, with its way of cutting the face out, under a watch."""

    def __init__(self, describer: Describer, watch: Watch) -> None:
        self.describer, self.watch, self.part = describer, watch, describer.part

    def describe(self, image: Image.Image, face: Face) -> Array:
        """See `Describer.describe`."""
        return self.watch.time(self.part.name, lambda: self.describer.describe(image, face))


@contextmanager
def library() -> Iterator[Ask]:
    """A function that lets face_recognition read a photo and gives its CPU and wall seconds."""
    command, pipe = [sys.executable, "-c", LIBRARY], subprocess.PIPE
    with (
        tempfile.NamedTemporaryFile(suffix=".jpg") as file,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as process,
    ):
        if not (process.stdin and process.stdout):
            raise RuntimeError("the library's process has no pipes")
        questions, answers = process.stdin, process.stdout

        def ask(data: bytes) -> tuple[float, float]:
            Path(file.name).write_bytes(data)
            questions.write(f"{file.name}\n")
            cpu, wall, faces = json.loads(answers.readline() or "[0, 0, 0]")
            if faces != 1:
                sys.exit(f"face_recognition reads {faces} faces in the photo: there is nothing to compare with")
            return cpu, wall

        yield ask


def compare(name: str, engine: NetworkEngine, data: bytes, ask: Ask) -> dict[str, Any]:
    """One photo read by both in turn, a first round to warm up; prints the stages."""
    watch = Watch()
    for at in range(ROUNDS + 1):
        if at == 1:
            watch.took.clear()
        one_round(watch, engine, data)
        watch.note("face_recognition", ask(data))
    ours, reference = watch.ms("in all")[0], watch.ms("face_recognition")[0]
    print(f"\n{name:<30}    CPU ms   wall ms   (medians of {ROUNDS})", file=sys.stderr)
    for stage in watch.took:
        print("{:<30}{:>10.1f}{:>10.1f}".format(stage, *watch.ms(stage)), file=sys.stderr)
    print(f"{reference / ours:.1f} times faster", file=sys.stderr)
    figures = {"ours_cpu_ms": ours, "reference_cpu_ms": reference, "ratio": reference / ours}
    return {"name": name} | {key: round(value, 2) for key, value in figures.items()}


def one_round(watch: Watch, engine: NetworkEngine, data: bytes) -> None:
    """The engine reads the photo once whole and untouched, once under watches; what no watch saw is the cutting."""
    watch.time("check on arrival, not counted", lambda: inspect(data))
    watch.time("decode", lambda: pixels(data, WORK_SIDE, SLACK))
    watched = replace(
        engine,
        detector=TimedDetector(engine.detector, watch),
        describers=tuple(TimedDescriber(each, watch) for each in engine.describers),
    )
    if not isinstance(watch.time("_watched", lambda: watched.describe(data)), Reading):
        sys.exit("the engine refuses the photo: there is nothing to compare")
    *_, whole = watch.took.pop("_watched")
    stages = ["decode", "find", "refine", *(each.part.name for each in engine.describers)]
    seen = [watch.took[stage][-1] for stage in stages]
    cpu, wall = (total - sum(parts) for total, parts in zip(whole, zip(*seen, strict=True), strict=True))
    watch.note("cut, quality, fingerprint", (cpu, wall))
    watch.time("in all", lambda: engine.describe(data))


def descriptors(describer: DlibDescriber) -> tuple[float, float]:
    """How many times faster ONNX Runtime computes dlib's descriptor of one chip, and the largest difference."""
    original = dlib.face_recognition_model_v1(str(DLIB_NETWORK.find()))
    watch, apart = Watch(), []
    chips = list(various(describer))
    for chip in [*chips[:3], *chips]:
        theirs = watch.time("dlib", partial(original.compute_face_descriptor, chip))
        ours = watch.time("onnx", partial(converted, describer, chip))
        apart.append(float(np.abs(np.array(theirs) - ours).max()))
    reference, mine = watch.ms("dlib")[0], watch.ms("onnx")[0]
    ratio, most = round(reference / mine, 2), float(f"{max(apart):.2g}")
    print(f"\ndlib's descriptor, {len(chips)} chips: dlib {reference:.1f} ms of CPU, here {mine:.1f}", file=sys.stderr)
    print(f"{ratio:.1f} times faster, at most {most} apart", file=sys.stderr)
    return ratio, most


def various(describer: DlibDescriber) -> Iterator[Chip]:
    """Chips of different faces, each moved, turned and lit anew."""
    detector = Detector.load(MODELS)
    for seed in range(CHIPS):
        image = pixels(variant(portrait(PORTRAITS[seed % len(PORTRAITS)]), seed=seed), WORK_SIDE)
        yield describer.chip(image, detector.find(image)[0])


def converted(describer: DlibDescriber, chip: Chip) -> Array:
    """The descriptor of one chip, not mirrored, with what it takes to hand the chip over."""
    numbers: Array = describer.session.run(None, {"chip": dlib_input(chip.transpose(2, 0, 1)[None])})[0][0]
    return numbers


if __name__ == "__main__":
    main()

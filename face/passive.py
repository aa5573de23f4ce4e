"""A passive anti-spoof network of the deployment's choice: one face in, how likely it is alive out; off by default."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from face.errors import EngineFailed, EngineUnavailable

_COLOURS = 3
# How far from 1 the outputs of a softmax may add up in single precision.
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class PassiveSettings:
    """Which network, and what it was trained on.

    `size` is width and height of its input in pixels, `crop` the side of the square around the face in lengths of the
    box's longer side, `live_class` the index of its output that says alive. Each RGB value of 0 to 255 becomes
    (value - `mean`) * `scale`; `bgr` exchanges red and blue first. From `live_threshold` on a face counts as alive.
    """

    path: Path
    live_class: int
    live_threshold: float
    size: tuple[int, int] = (80, 80)
    crop: float = 2.7
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bgr: bool = True


@dataclass(frozen=True, slots=True)
class Passive:
    """A loaded network; made by `load`, one per worker."""

    settings: PassiveSettings
    session: onnxruntime.InferenceSession

    def live(self, image: Image.Image, box: tuple[float, float, float, float]) -> float:
        """How likely the face in `box` (left, top, right, bottom) of the upright RGB `image` is alive, from 0 to 1.

        Raises:
            EngineFailed: the network broke on it or gave no numbers; nothing was judged.
        """
        try:
            (outputs,) = self.session.run(None, {self.session.get_inputs()[0].name: self._input(image, box)})
            chance = float(_probabilities(outputs[0])[self.settings.live_class])
        except Exception as error:
            raise EngineFailed(f"the anti-spoof model failed: {type(error).__name__}") from error
        if not np.isfinite(chance):
            raise EngineFailed("the anti-spoof model gave no number")
        return chance

    def _input(self, image: Image.Image, box: tuple[float, float, float, float]) -> npt.NDArray[np.float32]:
        """The square around the face, shape (1, 3, height, width); what lies outside of the picture is black."""
        left, top, right, bottom = box
        if left >= right or top >= bottom:
            raise ValueError("the box is empty")
        half = self.settings.crop * max(right - left, bottom - top) / 2
        x, y = (left + right) / 2, (top + bottom) / 2
        square = image.crop((round(x - half), round(y - half), round(x + half), round(y + half)))
        values = np.asarray(square.resize(self.settings.size, Image.Resampling.BILINEAR), dtype=np.float32)
        if self.settings.bgr:
            values = values[:, :, ::-1]
        scaled = (values - np.array(self.settings.mean, np.float32)) * np.array(self.settings.scale, np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def load(settings: PassiveSettings) -> Passive:
    """Load the network, which works on one thread, and check that it takes and gives what the settings say.

    Raises:
        EngineUnavailable: the file is missing, no ONNX model, or another shape; the sentence says which.
    """
    name = settings.path.name
    if not settings.path.is_file():
        raise EngineUnavailable(f"the anti-spoof model {name} is missing")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(settings.path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EngineUnavailable(f"the file {name} is no ONNX model that can be run") from error
    if fault := _misfit(session, settings):
        raise EngineUnavailable(f"the anti-spoof model {name} does not fit its settings: {fault}")
    return Passive(settings, session)


def _misfit(session: onnxruntime.InferenceSession, settings: PassiveSettings) -> str | None:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        return f"it has {len(inputs)} inputs and {len(outputs)} outputs, not one each"
    wanted = [1, _COLOURS, *reversed(settings.size)]
    if not _fits(inputs[0].shape, wanted):
        return f"its input is {inputs[0].shape}, not {wanted}"
    *_, classes = given = outputs[0].shape or [0]
    if not _fits(given, [1, classes]) or (isinstance(classes, int) and not 0 <= settings.live_class < classes):
        return f"its output is {given} and holds no class {settings.live_class} of one face"
    return None


def _fits(shape: Sequence[int | str | None], wanted: Sequence[int | str | None]) -> bool:
    """Whether a model's shape takes the wanted one: what is no number is free."""
    sizes = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(not isinstance(size, int) or size == want for size, want in sizes)


def _probabilities(outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The outputs themselves if they are shares of one, else their softmax."""
    if outputs.min() >= 0 and abs(outputs.sum() - 1) < _ROUNDING:
        return outputs
    powers = np.exp(outputs - outputs.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)

"""Converted networks on disk: made once, proved equal to their originals, and taken again only by their checksum."""

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from face.errors import EngineUnavailable
from face.weights.networks import Network
from face.weights.runtime import session, session_of
from face.weights.sources import checksum

#: Changes when a converter does, so that what an older one made is not used any more.
CONVERTER = 1
#: How far any number of a converted network may be from its original's, relative to the largest above 1.
TOLERANCE = 1e-5
_PROBES = 3


def converted(network: Network, cache: Path) -> onnxruntime.InferenceSession:
    """The network of a package's weight file, ready to run; the first call takes a second or two to convert it.

    Raises:
        EngineUnavailable: the source is missing or altered, the cache cannot be written, or the result is not equal
            to its original.
    """
    original = network.source.find()
    stem = f"{original.stem}-{network.source.sha256[:16]}-{CONVERTER}"
    # The name ends in the file's own checksum, so a cached file that was altered is not found but made again.
    kept = next((path for path in cache.glob(f"{stem}-*.onnx") if path.stem.endswith(checksum(path)[:16])), None)
    return session(kept or _convert(network, original, cache, stem))


def _convert(network: Network, original: Path, cache: Path, stem: str) -> Path:
    """Two processes that convert at once make the same file, each under a name of its own until it is whole."""
    try:
        model = network.build(original)
        _prove(network, original, model)
    except (ValueError, IndexError, KeyError, RuntimeError) as error:
        raise EngineUnavailable(f"the weight file {original.name} has another structure than expected") from error
    new = cache / f"{stem}.{os.getpid()}.new"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        new.write_bytes(model.SerializeToString())
        return new.rename(cache / f"{stem}-{checksum(new)[:16]}.onnx")
    except OSError as error:
        raise EngineUnavailable(f"the model cache cannot be written: {error.strerror}") from error


def _prove(network: Network, original: Path, model: onnx.ModelProto) -> None:
    """Run the original and the converted network on the same noise."""
    reference, new = network.original(original), session_of(model)
    dice = np.random.default_rng(0)
    for _ in range(_PROBES):
        noise = dice.integers(0, 256, (1, 3, network.side, network.side)).astype(np.float32)
        found = new.run(None, {new.get_inputs()[0].name: network.prepare(noise)})
        for one, other in zip(reference(noise), found, strict=True):
            apart = float(np.abs(one - other).max() / max(1.0, float(np.abs(one).max())))
            if not apart <= TOLERANCE:
                raise EngineUnavailable(f"{original.name} as converted differs from its original by {apart:.1g}")

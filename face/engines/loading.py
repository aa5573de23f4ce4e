"""Which engine a deployment runs, by the name its settings give."""

from pathlib import Path

from face.engines import dlib_engine, network_engine
from face.engines.base import Engine
from face.errors import EngineUnavailable

OWN = "onnx:"
NAMES = ("fused", "sface", "dlib", f"{OWN}FILE")


def load(name: str, models: Path) -> Engine:
    """The engine named `fused`, `sface`, `dlib` or `onnx:` and a description file; converted networks lie in `models`.

    Raises:
        EngineUnavailable: no such engine, or its weights are missing or altered; the sentence says which.
    """
    if name.startswith(OWN):
        return network_engine.load_own(Path(name.removeprefix(OWN)), models)
    match name:
        case "fused":
            return network_engine.load_fused(models)
        case "sface":
            return network_engine.load_sface(models)
        case "dlib":
            return dlib_engine.load()
        case _:
            raise EngineUnavailable(f"there is no engine {name}; there are {', '.join(NAMES)}")

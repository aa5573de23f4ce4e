"""ONNX Runtime as a worker wants it: one thread, no chatter, a clear sentence when a model cannot be loaded."""

from pathlib import Path

import onnx
import onnxruntime

from face.errors import EngineUnavailable


def session(path: Path) -> onnxruntime.InferenceSession:
    """A model file, loaded to run in the caller's thread only: workers are one a core.

    Raises:
        EngineUnavailable: the file is missing or no model the runtime can read; names the file.
    """
    try:
        path.open("rb").close()
        # From bytes the runtime would keep them beside what it makes of them: 60 MB more for the default engine.
        return _loaded(str(path))
    except OSError as error:
        raise EngineUnavailable(f"the model {path.name} cannot be read: {error.strerror}") from error
    except Exception as error:
        # The runtime's errors share no class but Exception, and their text may name paths.
        raise EngineUnavailable(f"the model {path.name} cannot be loaded: {type(error).__name__}") from error


def session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """A model from memory; the runtime's own exceptions when it is none."""
    return _loaded(model.SerializeToString())


def _loaded(model: str | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Warnings about models we did not write would come with every start.
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

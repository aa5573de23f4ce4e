"""Each engine once for all tests of faces: loading one takes about half a second."""

from pathlib import Path

import pytest

from face.engines import dlib_engine, network_engine
from face.engines.base import Engine
from face.engines.network_engine import NetworkEngine

#: Where every test run keeps the converted networks: content decides whether they are made anew.
MODELS = Path("var/models")


@pytest.fixture(scope="session")
def engine() -> Engine:
    return dlib_engine.load()


@pytest.fixture(scope="session")
def fused() -> NetworkEngine:
    loaded = network_engine.load_fused(MODELS)
    assert isinstance(loaded, NetworkEngine)
    return loaded

"""One engine for all tests of faces: loading it takes half a second."""

import pytest

from face.engines.base import Engine
from face.engines.dlib_engine import load


@pytest.fixture(scope="session")
def engine() -> Engine:
    return load()

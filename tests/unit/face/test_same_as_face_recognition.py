import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from demo import photos
from face.engines.base import Engine, Reading
from face.photo import pixels

# The library is imported in its own process: importing it loads a model we do not use and changes Pillow for everyone.
LIBRARY = """
import json, sys, warnings
warnings.simplefilter("ignore")
import face_recognition
left, top, right, bottom = json.loads(sys.argv[2])
image = face_recognition.load_image_file(sys.argv[1])
found = face_recognition.face_encodings(image, [(top, right, bottom, left)], num_jitters=1, model="small")
print(json.dumps(list(found[0])))
"""


@pytest.mark.parametrize("name", ["obama", "collins"])
def test_the_descriptor_is_the_librarys_own(engine: Engine, tmp_path: Path, name: str) -> None:
    reading = engine.describe(photos.portrait(name))
    assert isinstance(reading, Reading)
    pixels(photos.portrait(name)).save(file := io.BytesIO(), "PNG")
    (tmp_path / "photo.png").write_bytes(file.getvalue())
    command = [sys.executable, "-c", LIBRARY, str(tmp_path / "photo.png"), json.dumps(reading.box)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert np.allclose(reading.descriptor, json.loads(done.stdout), atol=1e-5)

"""Photo files in good order with odd pictures in them: modes, shapes, no face, many faces, faces hard to read."""

import io
import random
import zlib
from collections.abc import Iterator

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from bench.odd_files import face, heic, png, saved
from demo.photos import PORTRAITS

Dice = random.Random


def modes(_: Dice) -> Iterator[bytes]:
    """Every way of storing colours, transparency and several frames."""
    image = face()
    for mode in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F"):
        for kind in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000", "AVIF", "ICO", "TGA", "PPM"):
            try:
                given = image.convert("L").convert(mode) if mode in {"I", "I;16", "F"} else image.convert(mode)
                yield saved(given, kind)
            except (OSError, ValueError, KeyError):
                # Pillow cannot write this mode in this format, so nobody sends it.
                continue
    deep = np.asarray(image).astype(">u2") * 257
    yield png(480, 640, zlib.compress(b"".join(b"\0" + row.tobytes() for row in deep)), bits=16, colour=2)
    frames = [face(name) for name in PORTRAITS]
    for kind in ("PNG", "WEBP", "GIF", "TIFF", "MPO"):
        yield saved(frames[0], kind, save_all=True, append_images=frames[1:])
    yield saved(image.quantize(16), "PNG", transparency=3)
    yield saved(image, "PNG", transparency=(0, 0, 0))


def shapes(_: Dice) -> Iterator[bytes]:
    """Tiny ones, and sides at and beyond the limits."""
    image = face()
    sizes = [(1, 1), (1, 5000), (2, 2), (7, 9), (16, 16), (31, 33), (100, 160), (159, 160), (160, 160), (160, 161)]
    sizes += [(160, 640), (160, 641), (640, 160), (641, 160), (800, 200), (200, 800), (4000, 1000), (1000, 4000)]
    for size in sizes:
        yield saved(image.resize(size), "JPEG")
        yield saved(image.resize(size), "PNG")


def plain(dice: Dice) -> Iterator[bytes]:
    """No face: one colour, noise, stripes, and ovals that look a little like one."""
    for colour in ("black", "white", "grey", "red", (200, 160, 140)):
        for size in ((160, 160), (640, 480), (2000, 1500)):
            yield saved(Image.new("RGB", size, colour), "JPEG")
    for at in range(12):
        yield saved(Image.frombytes("RGB", (320, 320), dice.randbytes(3 * 320 * 320)), ("JPEG", "PNG", "WEBP")[at % 3])
        noise = Image.effect_noise((480, 480), 10 * (at + 1))
        yield saved(noise.filter(ImageFilter.GaussianBlur(at)).convert("RGB"), "JPEG")
        stripes = Image.new("RGB", (480, 480), "white")
        draw = ImageDraw.Draw(stripes)
        for x in range(0, 480, 2 * at + 2):
            draw.line((x, 0, 480 - x, 480), "black", at + 1)
        draw.ellipse((140, 100, 340, 380), (220, 180, 160))
        for x in (190, 290):
            draw.ellipse((x - 15, 190, x + 15, 215), "black")
        yield saved(stripes, "JPEG")


def turned(_: Dice) -> Iterator[bytes]:
    """A face at every angle, mirrored and upside down."""
    for name in ("obama", "collins"):
        for angle in range(0, 360, 15):
            yield saved(face(name).rotate(angle, Image.Resampling.BICUBIC), "JPEG")
    for turn in Image.Transpose:
        yield saved(face().transpose(turn), "PNG")


def many_faces(dice: Dice) -> Iterator[bytes]:
    """From two faces to thousands."""
    for across in (1, 2, 3, 4, 6, 8, 12, 20, 30, 40):
        for down in (2, across):
            side = max(24, 1920 // across)
            sheet = Image.new("RGB", (across * side, down * side))
            for at in range(across * down):
                tile = face(dice.choice(PORTRAITS), (480, 480)).resize((side, side))
                sheet.paste(tile, (at % across * side, at // across * side))
            yield saved(sheet, "JPEG")


def cut_faces(_: Dice) -> Iterator[bytes]:
    """A face that runs out of the picture on each side, a little and almost whole."""
    for name in ("obama", "biden"):
        image = face(name, (960, 1280))
        for part in (0.2, 0.35, 0.5, 0.6, 0.7):
            across, down = int(part * 960), int(part * 1280)
            for box in (
                (across, 0, 960, 1280),
                (0, 0, 960 - across, 1280),
                (0, down, 960, 1280),
                (0, 0, 960, 1280 - down),
            ):
                yield saved(image.crop(box), "JPEG")


def sizes_and_light(_: Dice) -> Iterator[bytes]:
    """Faces of a few pixels to larger than the picture, dark, bright, flat, blurred, and compressed to blocks."""
    for side in (8, 12, 16, 24, 32, 48, 64, 96, 128, 200, 300):
        scene = Image.new("RGB", (1280, 960), (90, 120, 90))
        scene.paste(face().resize((side, side * 4 // 3)), (600, 400))
        yield saved(scene, "JPEG")
    for zoom in (1.5, 2, 3, 4, 6, 10):
        yield saved(ImageOps.crop(face("obama", (960, 1280)), int(480 * (1 - 1 / zoom))), "JPEG")
    for factor in (0.02, 0.05, 0.1, 0.2, 0.5, 2, 4, 8):
        yield saved(ImageEnhance.Brightness(face()).enhance(factor), "JPEG")
        yield saved(ImageEnhance.Contrast(face()).enhance(factor), "JPEG")
        yield saved(face().filter(ImageFilter.GaussianBlur(2 * factor)), "JPEG")
    for quality in (1, 2, 5, 10):
        yield saved(face(), "JPEG", quality=quality)
        yield saved(face(), "WEBP", quality=quality)


def variants(_: Dice) -> Iterator[bytes]:
    """HEIC, WebP and JPEG in their own variants."""
    image, clear = face(), face().convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    for given in (image, clear, image.convert("L")):
        yield heic(given)
        yield heic(given, quality=-1)
        for options in ({"lossless": True}, {"quality": 0}, {"quality": 100, "method": 6}, {"exact": True}):
            yield saved(given, "WEBP", **options)
    several = pillow_heif.from_pillow(image)
    several.add_from_pillow(face("biden"))
    several.save(file := io.BytesIO(), quality=50)
    yield file.getvalue()
    for chroma in (420, 422, 444):
        yield heic(image, chroma=chroma)
    for subsampling in (0, 1, 2):
        yield saved(image, "JPEG", subsampling=subsampling, restart_marker_rows=1)
        yield saved(image, "JPEG", subsampling=subsampling, progressive=True, optimize=True)
    yield saved(image, "JPEG", icc_profile=bytes(200_000))
    yield saved(image, "JPEG", comment=b"\xff\xd9" * 30_000)

"""A DET curve as a standalone SVG: what refusing fewer owners costs in strangers let through."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

import numpy as np

from face.search import Floats

_WIDTH, _HEIGHT = 780, 520
_LEFT, _TOP, _RIGHT, _BOTTOM = 84, 24, 740, 452
_LOWEST_FMR, _LOWEST_FNMR = 1e-4, 1e-3
# Zero has no logarithm; it is drawn here, below every rate that a sample can measure.
_FAR_OUT = 1e-9
# Okabe and Ito's colours, which colour-blind people tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Letters keep a white rim where a curve passes behind them.
_HALO = 'stroke="#fff" stroke-width="4" paint-order="stroke"'


@dataclass(frozen=True, slots=True)
class Mark:
    """A threshold to point at: its name and the false match and non-match rates measured there."""

    name: str
    fmr: float
    fnmr: float


def svg(curves: Mapping[str, Floats], marks: Sequence[Mark] = ()) -> str:
    """Draw curves by name, each (m, 3) as `face.calibrate.det_points` returns it, and marks; at most six curves.

    Both axes are logarithmic: false matches from 0.01 %, false non-matches from 0.1 %, each to 100 %. Smaller rates,
    zero included, lie outside the frame: curves are cut off there and marks sit on the edge.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"',
        f'  width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="13" fill="#222">',
        f'<clipPath id="frame"><path d="M{_LEFT} {_TOP}H{_RIGHT}V{_BOTTOM}H{_LEFT}Z"/></clipPath>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_axes(),
        *(part for at, (name, points) in enumerate(curves.items()) for part in _curve(at, name, points)),
        *(part for mark in marks for part in _mark(mark)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(fmr: float) -> float:
    return _RIGHT - (_RIGHT - _LEFT) * log10(max(fmr, _FAR_OUT)) / log10(_LOWEST_FMR)


def _y(fnmr: float) -> float:
    return _TOP + (_BOTTOM - _TOP) * log10(max(fnmr, _FAR_OUT)) / log10(_LOWEST_FNMR)


def _axes() -> Iterator[str]:
    middle, centre = (_LEFT + _RIGHT) / 2, (_TOP + _BOTTOM) / 2
    for rate, whole in _ticks(_LOWEST_FMR):
        yield _line(_x(rate), _TOP, _x(rate), _BOTTOM, whole)
        if whole:
            yield _text(_x(rate), _BOTTOM + 20, f"{100 * rate:g} %", "middle")
    for rate, whole in _ticks(_LOWEST_FNMR):
        yield _line(_LEFT, _y(rate), _RIGHT, _y(rate), whole)
        if whole:
            yield _text(_LEFT - 8, _y(rate) + 4, f"{100 * rate:g} %", "end")
    yield _text(middle, _BOTTOM + 50, "false match rate: strangers let through", "middle")
    turned = f'transform="rotate(-90 20 {centre:g})"'
    yield _text(20, centre, "false non-match rate: owners turned away", "middle", turned)


def _ticks(lowest: float) -> Iterator[tuple[float, bool]]:
    """The rates 1 to 9 of each decade up to 1, and whether a decade begins there."""
    for decade in range(round(log10(lowest)), 0):
        yield from ((digit * 10.0**decade, digit == 1) for digit in range(1, 10))
    yield 1.0, True


def _curve(at: int, name: str, points: Floats) -> Iterator[str]:
    colour, height = _COLOURS[at], _TOP + 22 + 20 * at
    path = " ".join(f"{_x(fmr):.1f},{_y(fnmr):.1f}" for _, fmr, fnmr in np.asarray(points, np.float64))
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" clip-path="url(#frame)"/>'
    yield f'<path d="M{_RIGHT - 42} {height}h30" stroke="{colour}" stroke-width="2.5"/>'
    yield _text(_RIGHT - 50, height + 4, name, "end", _HALO)


def _mark(mark: Mark) -> Iterator[str]:
    x, y = _x(max(mark.fmr, _LOWEST_FMR)), _y(max(mark.fnmr, _LOWEST_FNMR))
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#fff" stroke="#222" stroke-width="2"/>'
    right = x > _RIGHT - 120
    yield _text(x + (-10 if right else 10), y - 10, mark.name, "end" if right else "start", _HALO)


def _line(x1: float, y1: float, x2: float, y2: float, whole: bool) -> str:  # noqa: FBT001 - a grid line has two kinds
    colour = "#aaa" if whole else "#e8e8e8"
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'

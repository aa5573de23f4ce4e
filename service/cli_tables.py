"""What the commands about faces print: their tables as lines."""

from collections.abc import Iterator

from service.domain.policies import FacePolicy
from service.usecases.adaptations import Status
from service.usecases.calibration import At, Calibration, Rate

_COLUMNS = ("", "accept", "refuse", "strangers accepted (FMR)", "owners not accepted (FNMR)", "owners refused")


def status_lines(status: Status) -> Iterator[str]:
    """What faces are judged by today."""
    yield f"engine {status.engine} {status.version}"
    yield "templates in force:" if status.templates else "no templates are in force"
    for kept in status.templates:
        yield f"  {kept.engine} {kept.version}: {kept.persons} persons, {kept.weak} of them weak"
    yield "adaptations:" if status.adaptations else "no adaptations were learned"
    for row in status.adaptations:
        drift = "not measured yet" if row.drift is None else f"{row.drift:.3f} at {row.drift_at:%Y-%m-%d %H:%M} UTC"
        yield f"  {row.name} for {row.engine} {row.engine_version}: {row.persons} persons, drift {drift}"
    yield f"policy {status.policy.version}, in force on {status.today}:"
    face = status.policy.face(status.engine)
    lent = f" (of {face.version})" if face and face.version else ""
    yield f"  {_numbers(face)}{lent}" if face else f"  it has no thresholds for {status.engine}: nobody is judged"
    if status.silent:
        told = "wider or earlier ones lend theirs" if face else "check-ins under them wait"
        yield f"  without thresholds for {status.engine}, in force: {', '.join(status.silent)}; {told}"
    serving = {row.name for row in status.adaptations if row.engine_version == status.version} | {None}
    if face and face.adaptation not in serving:
        yield f"  {face.adaptation} is of another engine version: nobody is judged (docs/faces.md)"


def calibration_lines(found: Calibration) -> Iterator[str]:
    """What was tried, the rates at today's and the proposed thresholds, and the rest of what is proposed."""
    yield f"{found.engine} {found.version}: {found.persons} persons, {found.photos} photos enrolled"
    yield (
        f"tried: {found.genuine} photos of owners, {found.reviewed} of them check-ins that a person accepted; "
        f"{found.impostor} strangers; equal error rate {found.eer:.2%}"
    )
    rows = [_COLUMNS, *map(_row, found.at)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    yield from ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    yield "in brackets the 95 % interval over persons; a machine's acceptances and a person's refusals are not tried"
    if not found.supported:
        yield f"these are too few strangers to show a rate of {found.wanted_fmr:g}: the thresholds are an estimate"
    if found.margin is not None:
        yield f"in one of 1,000 trials somebody of 30 is nearer than the owner himself by {found.margin:.4f} or more"
    yield f"proposed: {_numbers(found.proposed)}"


def _row(at: At) -> tuple[str, ...]:
    limits = at.thresholds
    name = f"{at.name} ({at.adaptation or 'not adapted'})"
    return (name, f"{limits.accept:.4f}", f"{limits.refuse:.4f}", _rate(at.fmr), _rate(at.fnmr), _rate(at.refused))


def _rate(rate: Rate) -> str:
    return f"{rate.share:.3%} ({rate.low:.3%} to {rate.high:.3%})"


def _numbers(face: FacePolicy) -> str:
    duplicate = f"up to {face.duplicate:g} by {face.duplicate_margin:g}" if face.duplicate else "not looked for"
    return (
        f"accept {face.thresholds.accept:g}, refuse {face.thresholds.refuse:g}, "
        f"adaptation {face.adaptation or 'none'}, sentinel margin {face.margin:g}, duplicates {duplicate}"
    )

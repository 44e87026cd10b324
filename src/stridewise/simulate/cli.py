"""`stridewise simulate`: write a simulated recording and its truth."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stridewise.simulate.estimators import names

if TYPE_CHECKING:
    from stridewise.simulate.estimator import Fingerprint
    from stridewise.simulate.noise import Noise

FAULT_NAMES = (
    "low_cadence, overstride, high_bounce, stiff_landing, deep_stance_knee, steep_foot, "
    "excess_lean, upright_back, pelvic_drop, hip_adduction, knee_collapse, narrow_crossover, "
    "trunk_sway, arm_action, asymmetry"
)


def add_arguments(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """Add the options of the command; return the function that runs it."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runner.csv"),
        metavar="FILE",
        help="generic CSV to write; the truth goes to FILE's stem + .truth.json (%(default)s)",
    )
    runner = parser.add_argument_group("runner")
    runner.add_argument("--speed", type=float, default=3.0, metavar="M_PER_S", help="%(default)s")
    runner.add_argument("--height", type=float, default=1.75, metavar="M", help="%(default)s")
    runner.add_argument("--mass", type=float, default=70.0, metavar="KG", help="%(default)s")
    runner.add_argument("--cadence", type=float, metavar="SPM", help="steps/min; drawn if absent")
    runner.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[=STRENGTH]",
        help=f"repeatable; strength 1 (default) is marked. One of: {FAULT_NAMES}",
    )
    runner.add_argument(
        "--variation", type=float, default=1.0, metavar="X", help="step to step: 0 none, 1 measured"
    )
    runner.add_argument(
        "--individual",
        type=float,
        default=1.0,
        metavar="X",
        help="0 the typical runner, 1 as drawn",
    )
    runner.add_argument("--surface", choices=("treadmill", "overground"), default="treadmill")
    runner.add_argument("--seed", type=int, default=0, metavar="N", help="%(default)s")
    camera = parser.add_argument_group("camera")
    where = camera.add_mutually_exclusive_group()
    where.add_argument("--view", choices=("left", "right", "front", "back"), default="right")
    where.add_argument(
        "--yaw", type=float, metavar="DEG", help="0 right side, 90 front, 180 left, -90 back"
    )
    camera.add_argument("--pitch", type=float, default=0.0, metavar="DEG", help="+ looks up")
    camera.add_argument("--roll", type=float, default=0.0, metavar="DEG", help="+ clockwise")
    camera.add_argument("--distance", type=float, default=4.0, metavar="M", help="%(default)s")
    camera.add_argument("--lens-height", type=float, default=1.0, metavar="M", help="%(default)s")
    camera.add_argument("--fps", type=float, default=60.0, metavar="F", help="%(default)s")
    camera.add_argument(
        "--static", action="store_true", help="stands still while the runner passes"
    )
    camera.add_argument("--duration", type=float, default=20.0, metavar="S", help="%(default)s")
    errors = parser.add_argument_group("errors of the pose estimator")
    kind = errors.add_mutually_exclusive_group()
    kind.add_argument(
        "--noise",
        default="typical",
        metavar="LEVEL|SHARE",
        help="none, low, typical, poor, or white noise as a share of leg length (%(default)s)",
    )
    kind.add_argument(
        "--estimator",
        choices=names(),
        metavar="NAME",
        help=f"err as a real one does, measured on films. One of: {', '.join(names())}",
    )
    return run


def run(args: argparse.Namespace) -> int:
    """Simulate, write both files and say where they are; 0.

    Raises
    ------
    InputError
        For values out of range or files that cannot be written.
    """
    from stridewise.simulate import Camera, Runner, simulate, write
    from stridewise.simulate.camera import YAW_OF_VIEW

    runner = Runner(
        speed_mps=args.speed,
        height_m=args.height,
        mass_kg=args.mass,
        cadence=args.cadence,
        seed=args.seed,
        faults=_faults(args.fault),
        variation=args.variation,
        individual=args.individual,
        surface=args.surface,
    )
    camera = Camera(
        yaw_deg=YAW_OF_VIEW[args.view] if args.yaw is None else args.yaw,
        pitch_deg=args.pitch,
        roll_deg=args.roll,
        distance_m=args.distance,
        height_m=args.lens_height,
        fps=args.fps,
        follow=not args.static,
    )
    simulation = simulate(runner, camera, _errors(args), args.duration)
    truth = write(simulation, args.out)
    print(f"{args.out}: {simulation.recording.frames} frames of {simulation.recording.source}")
    print(f"{truth}: {len(simulation.truth.events)} events, {len(simulation.truth.steps)} steps")
    return 0


def _faults(given: list[str]) -> dict[str, float]:
    from stridewise.errors import InputError

    faults = {}
    for text in given:
        name, _, strength = text.partition("=")
        try:
            faults[name] = float(strength or 1.0)
        except ValueError:
            raise InputError(
                f"The strength of the fault {name} is not a number",
                expected="NAME or NAME=STRENGTH, such as overstride=0.5",
                received=strength,
            ) from None
    return faults


def _errors(args: argparse.Namespace) -> Noise | Fingerprint:
    from stridewise.simulate.estimator import fingerprint

    return fingerprint(args.estimator) if args.estimator else _noise(args.noise)


def _noise(text: str) -> Noise:
    from stridewise.errors import InputError
    from stridewise.simulate.noise import LEVELS, Noise

    if text in LEVELS:
        return LEVELS[text]
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InputError(
            "The noise is not understood",
            expected=f"{', '.join(LEVELS)} or a share of leg length such as 0.005",
            received=text,
        )
    return Noise(white=share)

"""The command line. Heavy modules are imported by the commands that need them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from stridewise import __version__
from stridewise.context import REPAIRS
from stridewise.errors import InputError

if TYPE_CHECKING:
    from stridewise.context import Context
    from stridewise.poses_table import Poses
    from stridewise.recording import Recording
    from stridewise.serve.client import Source

#: The recording that comes with the package, made by its own simulator.
SAMPLE = Path(__file__).parent / "sample" / "simulated_runner.csv"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 0 on success, 2 with one line on stderr on bad input."""
    args = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = args.run
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that cannot show a character shows "?" instead.
        sys.stdout.reconfigure(errors="replace")
    try:
        status = run(args)
        sys.stdout.flush()
        return status
    except InputError as error:
        print(f"stridewise: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output (head, less) is gone; leave without a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("stridewise: stopped", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, as all others."""

    def error(self, message: str) -> None:  # type: ignore[override]
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="stridewise",
        description="Running-form analysis from body keypoints.",
        epilog="stridewise COMMAND --help tells more.",
    )
    parser.add_argument("--version", action="version", version=f"stridewise {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    analyze = commands.add_parser("analyze", help="turn a keypoint file into a report")
    analyze.add_argument("file", type=Path, metavar="FILE", help="what a pose estimator wrote")
    _add_reading(analyze)
    _add_context(analyze)
    _add_output(analyze)
    analyze.set_defaults(run=_analyze)

    score = commands.add_parser("score", help="say of each pose of a table what it shows")
    score.add_argument("file", type=Path, metavar="FILE", help="keypoints, one pose a frame or row")
    _add_reading(score)
    score.add_argument(
        "--out", type=Path, metavar="CSV", help="write the table here instead of to the terminal"
    )
    score.set_defaults(run=_score)

    demo = commands.add_parser("demo", help="analyse the simulated runner that comes along")
    _add_output(demo)
    demo.set_defaults(run=_demo)

    inspect = commands.add_parser("inspect", help="tell what a file holds, without analysing it")
    inspect.add_argument("file", type=Path, metavar="FILE", help="what a pose estimator wrote")
    _add_reading(inspect)
    inspect.add_argument("--json", action="store_true", help="print it as JSON")
    inspect.set_defaults(run=_inspect)

    serve = commands.add_parser("serve", help="open the page for live feedback on this machine")
    _add_serving(serve)
    serve.set_defaults(run=_serve)

    stream = commands.add_parser("stream", help="send a keypoint file, or a stream, to a server")
    stream.add_argument(
        "source",
        metavar="FILE|lsl:NAME",
        help="what a pose estimator wrote, or a stream of the Lab Streaming Layer",
    )
    stream.add_argument(
        "--to", required=True, metavar="URL", help="the address that `stridewise serve` prints"
    )
    stream.add_argument("--token", metavar="SECRET", help="where the server asks for one")
    stream.add_argument(
        "--speed-up", type=_positive, default=1.0, metavar="X", help="play X times faster"
    )
    stream.add_argument("--quiet", action="store_true", help="print nothing but errors")
    _add_reading(stream)
    stream.set_defaults(run=_stream)

    formats = commands.add_parser("formats", help="list the file formats that can be read")
    formats.set_defaults(run=_formats)

    metrics = commands.add_parser("metrics", help="list the metrics with unit and definition")
    metrics.set_defaults(run=_metrics)

    simulate = commands.add_parser("simulate", help="make a runner with exactly known truth")
    from stridewise.simulate.cli import add_arguments

    simulate.set_defaults(run=add_arguments(simulate))
    return parser


def _add_reading(parser: argparse.ArgumentParser) -> None:
    file = parser.add_argument_group("what you know about the file (all optional)")
    file.add_argument(
        "--fps", type=_positive, metavar="F", help="frame rate of a file without times"
    )
    file.add_argument("--person", type=int, metavar="N", help="which person of the file, from 1")
    file.add_argument("--format", metavar="NAME", help="file format, else told by the content")
    file.add_argument(
        "--map", type=Path, metavar="FILE.toml", help="which point is which, for names of your own"
    )


def _add_context(parser: argparse.ArgumentParser) -> None:
    known = parser.add_argument_group("what you know about the recording (all optional)")
    known.add_argument(
        "--view",
        choices=("auto", "left", "right", "front", "back"),
        default="auto",
        help="side of the runner that the camera sees",
    )
    known.add_argument("--surface", choices=("auto", "treadmill", "overground"), default="auto")
    known.add_argument("--speed", type=_positive, metavar="M_PER_S", help="running speed")
    known.add_argument(
        "--height", type=_positive, metavar="M", help="the runner's height in metres"
    )
    known.add_argument("--mass", type=_positive, metavar="KG", help="the runner's mass")
    known.add_argument(
        "--time-scale",
        type=_positive,
        default=1.0,
        metavar="X",
        help="how many times slower than life it plays (slow motion)",
    )
    known.add_argument("--activity", default="running", help="what is done (default: running)")
    known.add_argument(
        "--estimator",
        metavar="NAME",
        help="pose estimator that wrote the points, such as blazepose-full or movenet-thunder",
    )
    known.add_argument(
        "--no-repair",
        action="append",
        default=[],
        choices=("all", *REPAIRS),
        metavar="STEP",
        help=f"leave out a repair step (may be repeated): all, {', '.join(REPAIRS)}",
    )


def _add_serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="where to listen (default: this machine only)"
    )
    parser.add_argument("--port", type=int, default=8765, help="default: 8765; 0 for any")
    parser.add_argument(
        "--token", metavar="SECRET", help="what clients must show; auto makes one up"
    )
    parser.add_argument(
        "--store",
        type=_place,
        metavar="FILE|URL",
        help="where sessions are kept: an SQLite file, or postgresql://USER@HOST/NAME",
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        choices=range(1, 33),
        metavar="N",
        help="share the work among N processes (a session stays with one)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument("--quiet", action="store_true", help="print only the address")


def _add_output(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out", type=Path, metavar="DIR", help="report, figures and tables (default: FILE-report)"
    )
    output.add_argument("--json", metavar="PATH", help="the analysis as JSON; - for the terminal")
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _place(text: str) -> Path | str:
    """Return a path, or a URL as it is."""
    return text if "://" in text else Path(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number, received {text!r}")
    return value


def _analyze(args: argparse.Namespace) -> int:
    from stridewise.context import Context
    from stridewise.readers import read

    context = Context(
        view=args.view,
        surface=args.surface,
        speed_mps=args.speed,
        height_m=args.height,
        mass_kg=args.mass,
        time_scale=args.time_scale,
        activity=args.activity,
        estimator=args.estimator,
        repairs_off=REPAIRS if "all" in args.no_repair else tuple(args.no_repair),
    )
    if args.person is not None and (picture := _picture(args)):
        return _snapshot(args, picture)
    recording = read(args.file, format=args.format, fps=args.fps, person=args.person, map=args.map)
    if recording.frames == 1 and not recording.notes:
        # Whatever was dropped to leave one frame, the file was no picture.
        from stridewise.form.snapshot import points_of

        return _snapshot(args, (points_of(recording), [recording.source or args.file.name]))
    return _job(args, recording, context, Path(f"{args.file.stem}-report"))


def _picture(args: argparse.Namespace) -> Poses | None:
    """Return the pose in row `--person` of a table of pictures; None where it is no such table."""
    from stridewise.poses_table import is_table, poses

    if args.format or not is_table(args.file):
        return None
    xy, names = poses(args.file)
    if not 1 <= args.person <= len(names):
        raise InputError(
            "There is no such picture", expected=f"1 to {len(names)}", received=args.person
        )
    return xy[args.person - 1 : args.person], names[args.person - 1 : args.person]


def _snapshot(args: argparse.Namespace, picture: Poses) -> int:
    """Say what one picture shows."""
    from stridewise.form.snapshot import look
    from stridewise.report.snapshot import page, text

    xy, names = picture
    (found,) = look(xy, names)
    if found.running != found.running:
        raise InputError(
            f"The pose of {names[0]} cannot be read",
            expected="hip, knee and ankle of one side, or shoulder and hip",
            received="neither",
        )
    to_file = args.json and args.json != "-"
    with _written(Path(args.json), found.to_json() + "\n") if to_file else nullcontext():
        if args.out or not args.json:
            folder = args.out or Path(f"{args.file.stem}-report")
            written = page(found, xy[0], folder)
        else:
            written = None
    if args.json == "-":
        print(found.to_json())
    elif not args.quiet:
        print(text(found))
        if written:
            print(f"\nReport: {written.resolve()}")
    return 0


def _score(args: argparse.Namespace) -> int:
    from stridewise.form.snapshot import look
    from stridewise.poses_table import is_table, poses, recorded
    from stridewise.readers import read
    from stridewise.report.snapshot import table

    if args.format is None and is_table(args.file):
        xy, names = poses(args.file)
    else:
        options = {"format": args.format, "fps": args.fps, "person": args.person, "map": args.map}
        xy, names = recorded(read(args.file, **options))
    text = table(look(xy, names))
    if args.out:
        with _written(args.out, text):
            pass
    else:
        print(text, end="")
    return 0


def _demo(args: argparse.Namespace) -> int:
    from stridewise.context import Context
    from stridewise.readers import read

    recording = read(SAMPLE).with_(
        source="Simulated runner",
        notes=("Nobody real: stridewise's own simulator drew this recording.",),
    )
    context = Context(height_m=1.75, mass_kg=70.0)
    return _job(args, recording, context, Path("stridewise-demo"))


def _job(args: argparse.Namespace, recording: Recording, context: Context, out: Path) -> int:
    """Analyse, and write what was asked for, all of it or nothing; by default a report in `out`."""
    from stridewise.analysis import analyze
    from stridewise.report.text import summary

    analysis = analyze(recording, context)
    folder = args.out or (None if args.json else out)
    to_terminal = args.json == "-"
    to_file = args.json and not to_terminal
    with _written(Path(args.json), analysis.to_json() + "\n") if to_file else nullcontext():
        page = analysis.report(folder) if folder else None
    if to_terminal:
        print(analysis.to_json())
    elif not args.quiet:
        print(summary(analysis))
        if page:
            print(f"\nReport: {page.resolve()}")
    return 0


@contextmanager
def _written(path: Path, text: str) -> Iterator[None]:
    """Write a file whole; it appears when what is done meanwhile has succeeded."""
    target = Path(os.path.realpath(path))
    part = target.parent / f".{target.name}.{os.getpid()}.part"
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")  # a device or pipe: there is nothing to swap
            yield
        else:
            part.write_text(text, encoding="utf-8")
            yield
            part.replace(target)
    except OSError as error:
        raise InputError(
            "The analysis cannot be written",
            expected="a file in a folder that can be written to",
            received=f"{path} ({error.strerror or error})",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


def _inspect(args: argparse.Namespace) -> int:
    from stridewise.inspection import inspect, text

    found = inspect(args.file, format=args.format, fps=args.fps, person=args.person, map=args.map)
    print(found.to_json() if args.json else text(found))
    return 0


def _serve(args: argparse.Namespace) -> int:
    from stridewise.serve.run import serve

    serve(
        args.host,
        args.port,
        token=args.token,
        store=args.store,
        processes=args.processes,
        open_page=args.open,
        quiet=args.quiet,
    )
    return 0


def _stream(args: argparse.Namespace) -> int:
    from stridewise.live.updates import Cue, State
    from stridewise.serve.client import stream
    from stridewise.serve.protocol import ServerMessage, Updates

    def heard(message: ServerMessage) -> None:
        for update in message.updates if isinstance(message, Updates) else ():
            if isinstance(update, State) and not args.quiet:
                print(f"{update.time_s:8.2f} s  {update.phase}  {update.reason}", flush=True)
            if isinstance(update, Cue) and not args.quiet:
                print(f"{update.time_s:8.2f} s  {update.text}", flush=True)

    source = _source(args)
    summary = stream(source, args.to, token=args.token, heard=heard)
    if not args.quiet:
        cadence = [v.value for v in summary.values if v.id == "cadence"]
        steps = f", {cadence[0]:.0f} steps/min" if cadence else ""
        print(f"{summary.received} frames sent, {summary.dropped} dropped{steps}.")
        print(f"Session {summary.session}")
    return 0


def _source(args: argparse.Namespace) -> Source:
    """Return what is to be streamed."""
    from stridewise.layout_map import load
    from stridewise.readers import read
    from stridewise.serve import lsl
    from stridewise.serve.client import replay

    if not args.source.startswith(lsl.PREFIX):
        file, options = Path(args.source), {"fps": args.fps, "person": args.person}
        return replay(read(file, format=args.format, map=args.map, **options), args.speed_up)
    for_files = {"--fps": args.fps, "--person": args.person, "--format": args.format}
    given = [option for option, value in for_files.items() if value is not None]
    if args.speed_up != 1.0:
        given.append("--speed-up")
    if given:
        raise InputError("Live streams cannot have options of files", received=", ".join(given))
    name = args.source.removeprefix(lsl.PREFIX)
    return lsl.source(name, None if args.map is None else load(args.map))


def _formats(args: argparse.Namespace) -> int:
    from stridewise.readers import formats

    for reader in formats():
        print(f"{reader.name:14} {reader.description}")
    return 0


def _metrics(args: argparse.Namespace) -> int:
    from stridewise.metrics import catalogue

    for metric in catalogue().values():
        print(f"{metric.id:28} {metric.unit:6} {metric.name}: {metric.formula}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command line: what it writes, what it prints, and that bad input gets one plain line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema
import numpy as np
import pytest

from stridewise.cli import main
from stridewise.readers import formats, write_csv
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate

SCHEMA = json.loads((files("stridewise") / "analysis.schema.json").read_text(encoding="utf-8"))


def run(*words: object) -> int:
    """Run a command; the exit status, whoever raises it."""
    try:
        return main([str(word) for word in words])
    except SystemExit as left:
        return int(left.code or 0)


@pytest.fixture(scope="module")
def runner() -> Recording:
    fast = Runner(individual=0.0, cadence=170.0)
    return simulate(fast, Camera(fps=60.0), Noise(white=0.003), 8.0).recording


@pytest.fixture(scope="module")
def csv(runner: Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "runner.csv"
    write_csv(runner, path)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


Capture = pytest.CaptureFixture[str]


def refused(capsys: Capture, *words: object) -> str:
    """Run a command that must fail: status 2, one line on stderr, nothing else anywhere."""
    before = sorted(Path().rglob("*"))
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    line = err[:-1]
    assert line.startswith("stridewise")
    assert line.isprintable(), line
    assert sorted(Path().rglob("*")) == before
    return line


# --- success -------------------------------------------------------------------------------------


def test_a_report_is_written_beside_the_reader_and_its_path_printed(
    csv: Path, here: Path, capsys: Capture
) -> None:
    assert run("analyze", csv) == 0
    out, err = capsys.readouterr()
    assert err == ""
    page = here / "runner-report" / "report.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert out.splitlines()[-1] == f"Report: {page}"
    assert "Cadence" in out
    assert "170" in out
    assert [path.name for path in here.iterdir()] == ["runner-report"]


def test_the_report_goes_where_it_is_told(csv: Path, here: Path, capsys: Capture) -> None:
    assert run("analyze", csv, "--out", "a/b") == 0
    assert (here / "a" / "b" / "report.html").is_file()
    assert f"Report: {here / 'a' / 'b' / 'report.html'}" in capsys.readouterr().out


def test_json_on_the_terminal_is_json_and_nothing_else(
    csv: Path, here: Path, capsys: Capture
) -> None:
    assert run("analyze", csv, "--json", "-", "--height", "1.75", "--speed", "3") == 0
    out, err = capsys.readouterr()
    assert err == ""
    analysis = json.loads(out)
    jsonschema.validate(analysis, SCHEMA)
    assert analysis["recording"]["source"] == "runner.csv"
    assert analysis["recording"]["format"] == "csv"
    assert analysis["recording"]["frames"] == 480
    assert analysis["capture"]["speed_mps"] == 3.0
    assert list(here.iterdir()) == []


def test_json_in_a_file(csv: Path, here: Path, capsys: Capture) -> None:
    assert run("analyze", csv, "--json", "analysis.json") == 0
    assert "Cadence" in capsys.readouterr().out
    jsonschema.validate(json.loads((here / "analysis.json").read_text("utf-8")), SCHEMA)
    assert [path.name for path in here.iterdir()] == ["analysis.json"]


def test_json_and_report_together(csv: Path, here: Path) -> None:
    assert run("analyze", csv, "--json", "analysis.json", "--out", "report", "--quiet") == 0
    assert sorted(path.name for path in here.iterdir()) == ["analysis.json", "report"]


def test_a_json_file_is_replaced_through_its_link(csv: Path, here: Path) -> None:
    (here / "old.json").write_text("old")
    (here / "link.json").symlink_to("old.json")
    assert run("analyze", csv, "--json", "link.json", "--quiet") == 0
    assert json.loads((here / "old.json").read_text("utf-8"))
    assert (here / "link.json").is_symlink()
    assert sorted(path.name for path in here.iterdir()) == ["link.json", "old.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_device_is_written_to_and_not_replaced(csv: Path, here: Path) -> None:
    os.mkfifo("pipe")
    got: list[str] = []
    reader = Thread(target=lambda: got.append(Path("pipe").read_text("utf-8")), daemon=True)
    reader.start()
    assert run("analyze", csv, "--json", "pipe", "--quiet") == 0
    assert Path("pipe").is_fifo()
    reader.join(10)
    jsonschema.validate(json.loads(got[0]), SCHEMA)


def test_quiet_prints_nothing(csv: Path, here: Path, capsys: Capture) -> None:
    assert run("analyze", csv, "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert (here / "runner-report" / "report.html").is_file()


def test_options_reach_the_analysis(runner: Recording, here: Path, capsys: Capture) -> None:
    """A file without times, four times slower than life, of a stated format."""
    slow = runner.with_(time=runner.time * 4)
    write_csv(slow, here / "slow.csv")
    lines = (here / "slow.csv").read_text().splitlines()
    framed = ["frame" + lines[0].removeprefix("time_s")]
    framed += [f"{i},{line.partition(',')[2]}" for i, line in enumerate(lines[1:])]
    (here / "frames.csv").write_text("\n".join(framed) + "\n")
    words = ["--time-scale", 4, "--view", "right", "--surface", "overground", "--height", 1.8]
    words += ["--mass", 65, "--person", 1, "--activity", "running", "--format", "csv"]
    found = []
    for name, more in (("slow.csv", []), ("frames.csv", ["--fps", 15])):
        assert run("analyze", name, "--json", "-", *words, *more) == 0
        found.append(json.loads(capsys.readouterr().out))
    one, two = found
    for analysis in found:
        assert analysis["capture"]["surface"] == "overground"
        assert analysis["capture"]["time_scale"] == 4
        assert analysis["recording"]["fps"] == pytest.approx(60)
        values = {(m["id"], m["side"]): m["value"] for m in analysis["metrics"]}
        assert values["cadence", "both"] == pytest.approx(170, abs=0.5)
        assert values["vertical_stiffness", "both"] is not None
    assert [e["kind"] for e in one["events"]] == [e["kind"] for e in two["events"]]
    assert two["events"][5]["time_s"] == pytest.approx(one["events"][5]["time_s"], abs=1e-3)


def test_the_output_does_not_hang_on_the_hash_seed(csv: Path, here: Path) -> None:
    texts = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "stridewise", "analyze", csv, "--json", "-"],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        texts.append(done.stdout)
    assert texts[0] == texts[1]


def test_a_terminal_of_few_letters_gets_what_it_can_show(csv: Path, here: Path) -> None:
    for words in ([], ["--json", "-"]):
        done = subprocess.run(
            [sys.executable, "-m", "stridewise", "analyze", csv, *words],
            env=os.environ | {"PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        assert done.stdout.decode("ascii")


def test_a_file_name_that_is_no_text(csv: Path, here: Path, capsys: Capture) -> None:
    name = os.fsdecode(b"r\xff.csv")
    try:
        Path(name).write_bytes(csv.read_bytes())
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    assert run("analyze", name, "--json", "analysis.json", "--out", "report") == 0
    assert json.loads(Path("analysis.json").read_text("utf-8"))["recording"]["source"] == "r?.csv"


def test_the_demo_analyses_the_runner_that_comes_along(here: Path, capsys: Capture) -> None:
    assert run("demo") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[-1] == f"Report: {here / 'stridewise-demo' / 'report.html'}"
    assert run("demo", "--json", "-") == 0
    analysis = json.loads(capsys.readouterr().out)
    jsonschema.validate(analysis, SCHEMA)
    assert analysis["recording"]["source"] == "Simulated runner"
    assert any("Nobody real" in note for note in analysis["capture"]["notes"])


def test_formats_and_metrics_are_listed(capsys: Capture) -> None:
    assert run("formats") == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [reader.name for reader in formats()]
    assert run("metrics") == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"cadence", "ground_contact_time", "knee_flex_ic"} <= set(listed)


def test_the_version(capsys: Capture) -> None:
    from stridewise import __version__

    assert run("--version") == 0
    assert capsys.readouterr().out == f"stridewise {__version__}\n"


@pytest.mark.parametrize("words", [[], ["analyze"], ["demo"], ["formats"], ["simulate"]])
def test_help(words: list[str], capsys: Capture) -> None:
    assert run(*words, "--help") == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: stridewise")
    assert err == ""


def test_help_names_every_option_of_the_contract(capsys: Capture) -> None:
    run("analyze", "--help")
    out = capsys.readouterr().out
    for option in (
        *("--fps", "--view", "--surface", "--speed", "--height", "--mass", "--time-scale"),
        *("--person", "--activity", "--out", "--json", "--format", "--quiet"),
    ):
        assert option in out


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "stridewise", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.split("\n")
    }
    assert "stridewise" in imported
    assert not imported & {"numpy", "scipy", "pandas", "jinja2", "c3d", "xarray", "matplotlib"}


@pytest.mark.parametrize("command", ["metrics", "formats"])  # more and less than a buffer holds
def test_a_reader_of_the_output_may_leave_early(command: str) -> None:
    end, start = os.pipe()
    os.close(end)
    done = subprocess.run(
        [sys.executable, "-m", "stridewise", command],
        env={key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"},
        stdout=start,
        stderr=subprocess.PIPE,
    )
    os.close(start)
    assert done.stderr == b""
    assert done.returncode == 0


def test_the_module_runs_like_the_command(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stridewise", "analyze", "nowhere.csv"], capture_output=True
    )
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1


# --- bad files -----------------------------------------------------------------------------------


def table(text: str, change: Callable[[np.ndarray, list[str]], np.ndarray]) -> bytes:
    """The CSV again with its numbers changed; `change` takes them and the names of the columns."""
    head, *lines = text.splitlines()
    numbers = np.array([[float(cell or "nan") for cell in line.split(",")] for line in lines])
    rows = change(numbers, head.split(",")).tolist()
    return "\n".join([head, *(",".join(f"{v:.6g}" for v in row) for row in rows)]).encode()


def without(part: str) -> Callable[[np.ndarray, list[str]], np.ndarray]:
    return lambda x, names: np.where([part in name for name in names], np.nan, x)


def still(numbers: np.ndarray, names: list[str]) -> np.ndarray:
    return np.hstack([numbers[:, :1], np.repeat(numbers[:1, 1:], len(numbers), axis=0)])


#: What is wrong, and a maker of such a file from the text of a good one: its name and content.
BAD: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "empty": ("a.csv", lambda t: b""),
    "blank": ("a.csv", lambda t: b" \n\n \n"),
    "png": ("a.csv", lambda t: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40),
    "text": ("a.csv", lambda t: b"Dear coach,\nthis is a letter, and not a table.\n"),
    "random bytes": ("a.c3d", lambda t: np.random.default_rng(0).bytes(5000)),
    "zeros": ("a.trc", lambda t: bytes(5000)),
    "other json": ("a.json", lambda t: b'{"name": "runner", "values": [1, 2, 3]}'),
    "cut json": ("a.json", lambda t: b'{"frames": [{"landmarks": [{"x": 0.5, "y'),
    "header only": ("a.csv", lambda t: t.splitlines()[0].encode()),
    "cut in the first line": ("a.csv", lambda t: f"{t.splitlines()[0]}\n0.0,12".encode()),
    "no legs": ("a.csv", lambda t: b"time_s,nose_x,nose_y\n0,1,2\n0.1,1,2\n"),
    "letters in a cell": ("a.csv", lambda t: t.replace("0.05,", "0.05x,", 1).encode()),
    "five frames": ("a.csv", lambda t: "\n".join(t.splitlines()[:6]).encode()),
    "NaN throughout": ("a.csv", lambda t: table(t, without("_x"))),
    "no times": ("a.csv", lambda t: table(t, without("time_s"))),
    "one leg missing": ("a.csv", lambda t: table(t, without("left_knee"))),
    "standing still": ("a.csv", lambda t: table(t, still)),
    "times go back": ("a.csv", lambda t: table(t, lambda x, n: np.r_[x[100:], x[:100]])),
    "times stand still": ("a.csv", lambda t: table(t, lambda x, n: x * (np.arange(len(n)) > 0))),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file(name: str, csv: Path, here: Path, capsys: Capture) -> None:
    file, make = BAD[name]
    (here / file).write_bytes(make(csv.read_text("utf-8")))
    refused(capsys, "analyze", file)
    refused(capsys, "analyze", file, "--json", "analysis.json", "--out", "report")
    refused(capsys, "analyze", file, "--json", "-")


def test_a_file_that_is_cut_off_is_read_up_to_there(csv: Path, here: Path, capsys: Capture) -> None:
    text = csv.read_bytes()
    (here / "cut.csv").write_bytes(text[: len(text) * 3 // 4 + 5])
    assert run("analyze", "cut.csv", "--json", "-") == 0
    analysis = json.loads(capsys.readouterr().out)
    assert any("cut off" in note for note in analysis["capture"]["notes"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.csv"], "There is no file nowhere.csv"),
        (["."], "is a folder"),
        (["two\nlines\x1b[31m.csv"], "There is no file two lines?[31m.csv"),
    ],
)
def test_a_file_that_is_none(words: list[str], said: str, here: Path, capsys: Capture) -> None:
    assert said in refused(capsys, "analyze", *words)


def test_slow_motion_that_is_not_stated_names_the_factor(
    runner: Recording, here: Path, capsys: Capture
) -> None:
    write_csv(runner.with_(time=4 * runner.time), here / "slow.csv")
    assert "--time-scale 4" in refused(capsys, "analyze", "slow.csv")
    assert run("analyze", "slow.csv", "--time-scale", 4, "--quiet") == 0


# --- bad options ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fps", "0"], "argument --fps: expected a positive number, received '0'"),
        (["--fps", "-25"], "argument --fps"),
        (["--fps", "nan"], "argument --fps"),
        (["--fps", "inf"], "argument --fps"),
        (["--fps", "fast"], "argument --fps"),
        (["--speed", "0"], "argument --speed"),
        (["--height", "-1.8"], "argument --height"),
        (["--height", "175"], "The height is not possible"),
        (["--mass", "heavy"], "argument --mass"),
        (["--time-scale", "0"], "argument --time-scale"),
        (["--time-scale", "1e-9"], "too low"),
        (["--time-scale", "1e9"], "too short"),
        (["--view", "above"], "argument --view: invalid choice: 'above'"),
        (["--surface", "ice"], "argument --surface"),
        (["--person", "one"], "argument --person"),
        (["--person", "0"], "There is no such person"),
        (["--person", "2"], "There is no such person"),
        (["--person", "-1"], "There is no such person"),
        (["--activity", "juggling"], "The activity is not known"),
        (["--format", "docx"], "The format is not known"),
        (["--format", "trc"], ""),
        (["--format", "c3d"], ""),
        (["--format", "mediapipe"], ""),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--out"], "argument --out: expected one argument"),
    ],
)
def test_a_bad_option(words: list[str], said: str, csv: Path, here: Path, capsys: Capture) -> None:
    assert said in refused(capsys, "analyze", csv, *words)


@pytest.mark.parametrize("words", [[], ["fly"], ["analyze"], ["analyze", "a", "b"]])
def test_a_bad_command(words: list[str], here: Path, capsys: Capture) -> None:
    refused(capsys, *words)


@pytest.mark.parametrize("fps", ["1", "5", "1e6", "1e300"])
def test_a_frame_rate_that_cannot_be(fps: str, csv: Path, here: Path, capsys: Capture) -> None:
    lines = csv.read_text().splitlines()
    framed = ["frame" + lines[0].removeprefix("time_s")]
    framed += [f"{i},{line.partition(',')[2]}" for i, line in enumerate(lines[1:])]
    (here / "frames.csv").write_text("\n".join(framed))
    refused(capsys, "analyze", "frames.csv", "--fps", fps)
    refused(capsys, "analyze", "frames.csv")


# --- places that cannot be written ---------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["missing/analysis.json", "file/analysis.json", ".", "..", "/", "folder", "x" * 300]
)
def test_json_that_cannot_be_written(place: str, csv: Path, here: Path, capsys: Capture) -> None:
    (here / "file").write_text("a file")
    (here / "folder").mkdir()
    line = refused(capsys, "analyze", csv, "--json", place, "--out", "report")
    assert "The analysis cannot be written" in line


@pytest.mark.parametrize("place", ["file", "file/report", "x" * 300])
def test_a_report_that_cannot_be_written(
    place: str, csv: Path, here: Path, capsys: Capture
) -> None:
    (here / "file").write_text("a file")
    assert "cannot be written" in refused(capsys, "analyze", csv, "--out", place)
    refused(capsys, "analyze", csv, "--out", place, "--json", "analysis.json")
    assert (here / "file").read_text() == "a file"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_that_may_not_be_written(csv: Path, here: Path, capsys: Capture) -> None:
    (here / "closed").mkdir(mode=0o500)
    refused(capsys, "analyze", csv, "--out", "closed/report")
    refused(capsys, "analyze", csv, "--json", "closed/analysis.json")


# --- real recordings -----------------------------------------------------------------------------


def analysed(capsys: Capture, *words: object) -> dict[str, Any]:
    assert run("analyze", *words, "--json", "-") == 0
    out, err = capsys.readouterr()
    assert err == ""
    analysis: dict[str, Any] = json.loads(out)
    jsonschema.validate(analysis, SCHEMA)
    return analysis


def values(analysis: dict[str, Any]) -> dict[tuple[str, str], float | None]:
    return {(m["id"], m["side"]): m["value"] for m in analysis["metrics"]}


@pytest.mark.parametrize(("trial", "speed"), [("25", 2.5), ("35", 3.5), ("45", 4.5)])
def test_laboratory_c3d(
    laboratory: Path, trial: str, speed: float, here: Path, capsys: Capture
) -> None:
    """The same runner and speeds are in the prepared set, with events from the force plate."""
    analysis = analysed(capsys, laboratory / "lab_c3d" / f"RBDS011runT{trial}.c3d")
    with np.load(laboratory / "treadmill_running" / f"runner11_{trial}.npz") as data:
        contacts = np.array([e[2] for e in data["events"].tolist() if e[0] == "ic"])
    cadence = 60 * (len(contacts) - 1) / (contacts[-1] - contacts[0])
    found = values(analysis)
    assert found["cadence", "both"] == pytest.approx(cadence, abs=0.5)
    assert analysis["capture"]["speed_mps"] == pytest.approx(speed, rel=0.1)
    assert analysis["capture"]["surface"] == "unknown"
    assert found["knee_flex_ic", "left"] is not None
    assert found["contralateral_pelvic_drop", "left"] is not None


@pytest.mark.parametrize(("name", "speed"), [("run0350cms", 3.5), ("run0500cms", 5.2)])
def test_overground_trc(
    laboratory: Path, name: str, speed: float, here: Path, capsys: Capture
) -> None:
    analysis = analysed(capsys, laboratory / "full_body" / f"{name}.trc")
    assert analysis["capture"]["surface"] == "overground"
    assert analysis["capture"]["speed_mps"] == pytest.approx(speed, rel=0.05)
    assert values(analysis)["step_length", "left"] is not None
    assert values(analysis)["elbow_flex", "right"] is not None


def test_a_real_estimator_in_slow_motion_is_asked_about(
    laboratory: Path, here: Path, capsys: Capture
) -> None:
    file = laboratory / "pose_estimator" / "mediapipe_runner_slow_motion.json"
    assert "--time-scale" in refused(capsys, "analyze", file)


@pytest.mark.parametrize("walker", ["HC003B08", "HC031A06", "HC033A10", "HC036A10", "HC038A11"])
def test_walkers_are_not_runners(
    laboratory: Path, walker: str, here: Path, capsys: Capture
) -> None:
    assert "as in walking" in refused(capsys, "analyze", laboratory / "walking" / f"{walker}.c3d")

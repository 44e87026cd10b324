"""The containers, their JSON form, its schema and the page that explains it."""

from __future__ import annotations

import builtins
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import jsonschema
import numpy as np
import pytest

from stridewise.context import ViewName
from stridewise.errors import InputError
from stridewise.estimate import Estimate, MetricSide, Norm, Status
from stridewise.estimator import KnownBy, choices
from stridewise.form import load_areas
from stridewise.gait.motion import Event, EventKind
from stridewise.metrics import catalogue
from stridewise.result import (
    SCHEMA,
    Analysis,
    Capture,
    Curve,
    Finding,
    FormScore,
    FoundSurface,
    Pose,
    Quality,
    Reason,
)
from stridewise.skeletons import KEYPOINTS, Side
from stridewise.view import Facing

SCHEMA_FILE = json.loads((files("stridewise") / "analysis.schema.json").read_text("utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA_FILE)
PAGE = (Path(__file__).parents[1] / "docs" / "analysis.md").read_text("utf-8")

ABSENT = Estimate("step_width", "both", None, "L", None, None, 0, "absent", "Needs a front view.")


def example(**changes: Any) -> Analysis:
    """The smallest analysis that holds one of everything."""
    fields: dict[str, Any] = {
        "recording": {
            "source": "läufer.csv",
            "format": "csv",
            "frames": 600,
            "duration_s": 9.983333333333333,
            "fps": np.float64(60.0),
            "keypoints": ["left_hip"],
            "estimator": {"name": "blazepose-smoothed", "known_by": "points"},
        },
        "capture": Capture(
            *("right", 1.5, "right", "treadmill", None, None, "not known", 1.0, "A", ("a note",))
        ),
        "events": (Event("initial_contact", "left", 1.0 / 3.0, 0.004),),
        "metrics": (
            Estimate(
                *("cadence", "both", 170.123456789, "1/min", 0.5, (169.0, 171.0), 30),
                norm=Norm(166.0, 9.0, 0.458, "19 runners"),
            ),
            Estimate("foot_ic", "left", -3.0, "deg", 2.0, (-7.0, 1.0), 15, label="midfoot"),
            ABSENT,
        ),
        "curves": (
            Curve("thigh", "left", "deg", np.linspace(0, 1, 101), np.full(101, np.nan), 12, 33.0),
        ),
        "findings": (
            Finding(
                *("low_cadence", "Slow cadence", "both", 0.9, 2, 1, "B: a study", ("injury",)),
                *("why", "cue", "drill", ("cadence",), "source"),
                *("network", 0.85, "shorter steps"),
                *((Reason("shank", "own", "landing", 1.0),), True),
            ),
        ),
        "provenance": {
            "stridewise": "0.1.0",
            "python": "3.11",
            "numpy": "2",
            "activity": "running",
            "gait_model": "geometric/1",
            "form_network": "form/1",
            "form_rules": "areas 1.0",
            "keypoint_noise_leg_lengths": float("nan"),
            "repairs": [{"step": "gaps", "count": np.int64(3), "detail": "filled"}],
        },
        "unjudged": (("pelvic_drop", "seen from the side"),),
        "form_score": FormScore(88.0, 2.5, 0.6, {"low_cadence": 12.0}),
    }
    return Analysis(**(fields | changes))


# --- containers ----------------------------------------------------------------------------------


def test_a_metric_is_found_by_name_and_side() -> None:
    analysis = example()
    assert analysis.metric("cadence").value == 170.123456789
    assert analysis.metric("foot_ic", "left").label == "midfoot"
    for missing in (("foot_ic", "right"), ("nonsense", "both")):
        with pytest.raises(KeyError):
            analysis.metric(*missing)  # type: ignore[arg-type]


def test_the_json_form_is_plain() -> None:
    content = example().to_dict()
    assert content == json.loads(example().to_json())
    assert content["schema"] == SCHEMA == "stridewise.analysis/1"
    assert list(content) == SCHEMA_FILE["required"]
    assert content["events"] == [
        {"kind": "initial_contact", "side": "left", "time_s": 0.33333333, "sd_s": 0.004}
    ]
    assert content["recording"]["fps"] == 60.0
    assert type(content["recording"]["fps"]) is float
    assert type(content["provenance"]["repairs"][0]["count"]) is int
    assert content["unjudged"] == [{"area": "pelvic_drop", "reason": "seen from the side"}]
    assert content["metrics"][0]["ci95"] == [169.0, 171.0]
    assert content["metrics"][0]["norm"]["source"] == "19 runners"


def test_what_is_no_number_is_null() -> None:
    content = example().to_dict()
    assert content["provenance"]["keypoint_noise_leg_lengths"] is None
    assert content["curves"][0]["sd"] == [None] * 101
    assert "NaN" not in example().to_json()


def test_letters_stay_letters() -> None:
    assert "läufer.csv" in example().to_json()
    assert "\n" not in example().to_json(indent=None)


def test_poses_are_not_in_the_json() -> None:
    pose = Pose("toe_off", "left", 1.0, ("nose",), np.zeros((1, 2)))
    assert example(poses=(pose,)).to_json() == example().to_json()


def test_the_table_of_metrics() -> None:
    pytest.importorskip("pandas")
    table = example().to_dataframe()
    assert len(table) == 3
    row = table.set_index("id").loc["cadence"]
    assert row["value"] == pytest.approx(170.123456789)
    assert (row["ci95_low"], row["ci95_high"]) == (169.0, 171.0)
    assert (row["norm_mean"], row["norm_sd"], row["norm_z"]) == (166.0, 9.0, 0.458)
    assert row["norm_source"] == "19 runners"
    absent = table.set_index("id").loc["step_width"]
    assert absent[["value", "sd", "ci95_low", "ci95_high", "norm_mean"]].isna().all()
    assert absent["reason"] == "Needs a front view."
    assert not {"norm", "ci95"} & set(table.columns)


def test_without_pandas_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"stridewise\[dataframe\]"):
        example().to_dataframe()


# --- schema --------------------------------------------------------------------------------------


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA_FILE)


def test_the_example_fits() -> None:
    VALID.validate(example().to_dict())


def objects(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the schema with its path."""
    if "properties" in schema:
        yield path, schema
        for name, inner in schema["properties"].items():
            yield from objects(inner, f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from objects(schema["items"], path)


OBJECTS = dict(objects(SCHEMA_FILE))


def test_every_object_is_strict_and_every_property_is_described() -> None:
    assert len(OBJECTS) == 14
    for path, schema in OBJECTS.items():
        assert schema["additionalProperties"] is False, path
        assert schema["required"] == list(schema["properties"]), path
        for name, inner in schema["properties"].items():
            assert inner["description"].endswith("."), f"{path}.{name}"


def values(path: str) -> set[object]:
    *way, name = path.split(".")
    inner = OBJECTS[".".join(way)]["properties"][name]
    return set(inner.get("items", inner)["enum"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("recording.keypoints", KEYPOINTS),
        ("recording.estimator.name", choices()),
        ("recording.estimator.known_by", get_args(KnownBy)),
        ("capture.view", get_args(ViewName)),
        ("capture.facing", get_args(Facing)),
        ("capture.surface", get_args(FoundSurface)),
        ("capture.quality", get_args(Quality)),
        ("events.kind", get_args(EventKind)),
        ("events.side", get_args(Side)),
        ("metrics.side", get_args(MetricSide)),
        ("metrics.status", get_args(Status)),
        ("curves.side", get_args(MetricSide)),
        ("findings.side", get_args(MetricSide)),
    ],
)
def test_what_may_be_said_is_what_the_code_says(path: str, expected: tuple[str, ...]) -> None:
    assert values(path) == set(expected)


def test_the_catalogue_and_the_areas_fit_the_schema() -> None:
    units = {m.unit for m in catalogue().values()}
    units |= {m.unit_unscaled for m in catalogue().values() if m.unit_unscaled}
    assert units <= values("metrics.unit")
    name = re.compile(OBJECTS["metrics"]["properties"]["id"]["pattern"])
    assert all(name.match(id) for id in catalogue())
    areas = load_areas().areas
    associations = {word for area in areas for word in area.associated_with}
    assert associations <= values("findings.associated_with")
    name = re.compile(OBJECTS["findings"]["properties"]["area"]["pattern"])
    assert all(name.match(area.id) for area in areas)


def spoil(path: str, value: object) -> dict[str, Any]:
    """The example with one value replaced; REMOVED takes it out."""
    content = example().to_dict()
    *way, last = path.split(".")
    inner: Any = content
    for word in way:
        inner = inner[int(word) if word.isdigit() else word]
    if value is REMOVED:
        del inner[last]
    else:
        inner[last] = value
    return content


REMOVED = object()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "stridewise.analysis/2"),
        ("surprise", 1),
        ("unjudged", REMOVED),
        ("recording.frames", 0),
        ("recording.frames", 1.5),
        ("recording.fps", None),
        ("recording.keypoints", ["tail"]),
        ("capture.view", "above"),
        ("capture.yaw_deg", 270),
        ("capture.time_scale", 0),
        ("capture.notes", "a note"),
        ("events.0.side", "both"),
        ("events.0.kind", "mid_stance"),
        ("events.0.time_s", None),
        ("events.0.frame", 12),
        ("metrics.0.value", None),
        ("metrics.0.ci95", [1.0]),
        ("metrics.0.sd", -1.0),
        ("metrics.0.unit", "furlong"),
        ("metrics.0.n", 0),
        ("metrics.0.norm", {"mean": 1}),
        ("metrics.0.reason", "it is ok and has a reason"),
        ("metrics.0.status", "advisory"),
        ("metrics.2.value", 1.0),
        ("metrics.2.reason", None),
        ("metrics.2.reason", ""),
        ("metrics.2.label", REMOVED),
        ("curves.0.mean", [0.0] * 100),
        ("curves.0.n", 1),
        ("findings.0.probability", 0.79),
        ("findings.0.severity", 4),
        ("findings.0.priority", 0),
        ("findings.0.associated_with", ["luck"]),
        ("findings.0.metrics", []),
        ("unjudged.0.reason", ""),
        ("provenance.repairs", REMOVED),
        ("provenance.repairs", [{"step": "gaps", "count": 0, "detail": ""}]),
    ],
)
def test_what_breaks_the_contract_is_refused(path: str, value: object) -> None:
    assert not VALID.is_valid(spoil(path, value))


# --- the page ------------------------------------------------------------------------------------


def part(path: str) -> str:
    """What the page says under the heading of a property of the whole."""
    heading = f"## `{path}`" if path else "## The whole"
    return PAGE.partition(f"\n{heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("path", OBJECTS)
def test_the_page_describes_every_property_in_the_words_of_the_schema(path: str) -> None:
    said = part(path.partition(".")[0])
    assert said, f"no heading for {path}"
    for name, inner in OBJECTS[path]["properties"].items():
        assert f"\n| `{name}` | {inner['description']} |\n" in said + "\n", f"{path}.{name}"


def test_the_page_describes_nothing_else() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    known = [name for schema in OBJECTS.values() for name in schema["properties"]]
    assert sorted(rows) == sorted(known)


def test_the_examples_of_the_page_fit_the_schema() -> None:
    shown = 0
    for path, schema in SCHEMA_FILE["properties"].items():
        for block in re.findall(r"```json\n(.*?)```", part(path), re.DOTALL):
            jsonschema.Draft202012Validator(schema.get("items", schema)).validate(json.loads(block))
            shown += 1
    assert shown == PAGE.count("```json") == 9


def test_the_program_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    contact = Estimate("ground_contact_time", "left", 0.2345, "s", 0.006, (0.22, 0.25), 15)
    (tmp_path / "analysis.json").write_text(example(metrics=(contact,)).to_json(), "utf-8")
    monkeypatch.chdir(tmp_path)
    program = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(program) == 1
    exec(program[0], {})
    assert capsys.readouterr().out in ("0.234 ± 0.006 s\n", "0.235 ± 0.006 s\n")

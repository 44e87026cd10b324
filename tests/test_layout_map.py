from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.layout_map import LayoutMap, load, nearest, resolve, resolve_unnamed, split_side
from stridewise.skeletons import KEYPOINTS, LAYOUTS, REQUIRED


def keypoints(names, layout=None) -> dict[str, str]:
    match = resolve(names, layout)
    return {k: names[i] for k, i in zip(match.keypoints, match.index, strict=True)}


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("left_hip", ("left", "hip")),
        ("LKnee", ("left", "knee")),
        ("RBigToe", ("right", "bigtoe")),
        ("knee_r", ("right", "knee")),
        ("kneeR", ("right", "knee")),
        ("Ankle Left", ("left", "ankle")),
        ("LEFT_FOOT_INDEX", ("left", "footindex")),
        ("mixamorig:LeftUpLeg", ("left", "upleg")),
        ("lankle", ("left", "ankle")),
        ("ankleright", ("right", "ankle")),
        ("relbow", ("right", "elbow")),
        ("shoulder", (None, "shoulder")),
        ("ear", (None, "ear")),
        ("lear", ("left", "ear")),
        ("tail", (None, "tail")),
        ("left_right_hip", (None, "leftrighthip")),
        ("hip1", (None, "hip1")),
        ("", (None, "")),
    ],
)
def test_the_side_of_a_name(name, split):
    assert split_side(name) == split


@pytest.mark.parametrize(
    "write",
    [
        lambda side, part: f"{side}_{part}",
        lambda side, part: f"{side[0]}_{part}",
        lambda side, part: f"{part}_{side[0].upper()}",
        lambda side, part: f"{side[0].upper()}{part.title()}",
        lambda side, part: f"{part}{side.title()}",
        lambda side, part: f"{side.upper()}-{part.upper()}",
        lambda side, part: f"{side[0]}{part}",
    ],
)
def test_ways_to_write_the_legs(write):
    names = [write(*name.split("_")) for name in REQUIRED]
    assert keypoints(names) == dict(zip(REQUIRED, names, strict=True))


def test_every_canonical_name_is_itself():
    assert keypoints(list(KEYPOINTS)) == {name: name for name in KEYPOINTS}
    assert resolve(list(KEYPOINTS)).notes == []


def test_notes_tell_what_was_matched_and_what_was_not():
    names = [*REQUIRED[:-1], "RAnkle", "snout", "tail"]
    assert resolve(names).notes == [
        "Points were matched by name: RAnkle to right_ankle.",
        "2 point(s) of no use here were left aside: snout, tail.",
    ]


def test_a_foot_is_the_ankle_where_there_is_none_else_the_toe():
    legs = [name for name in REQUIRED if "ankle" not in name]
    alone = keypoints([*legs, "l_foot", "r_foot"])
    assert (alone["left_ankle"], alone["right_ankle"]) == ("l_foot", "r_foot")
    assert "left_big_toe" not in alone
    assert keypoints([*REQUIRED, "l_foot"])["left_big_toe"] == "l_foot"
    assert keypoints([*REQUIRED, "l_foot", "l_toe"])["left_big_toe"] == "l_toe"


def test_the_best_of_several_names_is_taken():
    found = keypoints(["head", "head_top", "neck", "pelvis", "mid_hip", *REQUIRED])
    assert (found["head_top"], found["mid_hip"]) == ("head_top", "mid_hip")


def test_a_map_wins_over_the_names():
    names = ["left_hip", "x9", *REQUIRED[1:]]
    found = keypoints(names, LayoutMap(names={"x9": "left_hip"}))
    assert found["left_hip"] == "x9"
    # What the map does not speak of is matched by itself, in what is left.
    assert found["right_ankle"] == "right_ankle"


def test_a_map_can_leave_a_point_out():
    names = [*REQUIRED, "nose"]
    assert "nose" in keypoints(names)
    assert "nose" not in keypoints(names, LayoutMap(names={"nose": ""}))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"a": "left_hipp"}, r"does not know: left_hipp \(did you mean left_hip\?\)"),
        ({"a": "LKnee"}, r"LKnee \(did you mean left_knee\?\)"),
        ({"a": "qqq"}, r"does not know: qqq\. Expected"),
        ({"a": "nose", "b": "nose"}, "gives nose twice"),
    ],
)
def test_maps_to_what_does_not_exist(names, message):
    with pytest.raises(InputError, match=message):
        load(names)


def test_map_names_that_the_file_lacks():
    with pytest.raises(
        InputError, match=r"names that are not in the file: snuot \(did you mean snout\?\)"
    ):
        resolve([*REQUIRED, "snout"], LayoutMap(names={"snuot": "nose"}))


def test_no_legs():
    with pytest.raises(InputError, match=r"No point of the file is left_hip, .*--map"):
        resolve(["snout", "tail"])
    with pytest.raises(InputError, match=r"left_kneee: did you mean left_knee\?"):
        resolve([name.replace("left_knee", "left_kneee") for name in REQUIRED])


def test_points_by_position():
    layout = LayoutMap(points=(None, *reversed(REQUIRED)))
    match = resolve(["a"] * 7, layout)
    assert dict(zip(match.keypoints, match.index, strict=True)) == {
        name: 6 - i for i, name in enumerate(REQUIRED)
    }
    with pytest.raises(InputError, match=r"Expected 8 points, as in the file\. Received 7"):
        resolve_unnamed(8, layout)


@pytest.mark.parametrize(
    ("count", "name"),
    [(16, "mpii-16"), (17, "coco-17"), (25, "body-25"), (26, "halpe-26"), (33, "blazepose-33")],
)
def test_layouts_told_by_the_number_of_points(count, name):
    match = resolve_unnamed(count)
    assert [LAYOUTS[name][i] for i in match.index] == list(match.keypoints)
    assert match.notes == [
        f"The {count} points have no names and were taken in the order of {name}."
    ]


def test_unnamed_points_of_an_unknown_layout():
    with pytest.raises(InputError, match=r"has 21 points without names.*\[layout\]"):
        resolve_unnamed(21)
    with pytest.raises(InputError, match="have no names, so the map cannot name them"):
        resolve_unnamed(17, LayoutMap(names={"a": "nose"}))


def test_a_file_with_a_map(tmp_path):
    path = tmp_path / "names.toml"
    path.write_text('[map]\nsnout = "nose"\n"l. hip" = "left_hip"\ntail = ""\n', encoding="utf-8")
    assert load(path).names == {"snout": "nose", "l. hip": "left_hip", "tail": ""}
    assert load(str(path)) == load(path)
    path.write_text('[layout]\npoints = ["nose", "", "left_hip"]\n')
    assert load(path).points == ("nose", None, "left_hip")
    path.write_text('[layout]\nname = "coco-17"\n')
    assert load(path).points == tuple(LAYOUTS["coco-17"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = [", "is not TOML"),
        ("\0", "is not TOML"),
        ("[map]\na = 1", r"\[map\] of the map names\.toml cannot be used"),
        ("map = 3", r"\[map\] of the map names\.toml cannot be used"),
        ("[other]", "needs one of the tables"),
        ("[map]\n[layout]", "needs one of the tables"),
        ("[layout]", r"\[layout\] of the map names\.toml cannot be used"),
        ("layout = 3", r"\[layout\] of the map names\.toml cannot be used"),
        ("[layout]\npoints = [1]", r"\[layout\] of the map names\.toml cannot be used"),
        ('[layout]\nname = "coco-18"', "a layout that stridewise does not know"),
        ('[layout]\npoints = ["nose", "nose"]', "gives nose twice"),
        ("a = " + "[" * 5000, "is not TOML"),
        ("#" * 1_000_001, "is too large"),
    ],
)
def test_files_that_are_no_map(tmp_path, content, message):
    path = tmp_path / "names.toml"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_missing_maps(tmp_path):
    with pytest.raises(InputError, match="There is no map"):
        load(tmp_path / "none.toml")
    with pytest.raises(InputError, match="cannot be opened"):
        load(tmp_path)


@given(st.lists(st.text(max_size=20)))
def test_any_names_give_a_match_or_one_line(names):
    try:
        match = resolve(names)
    except InputError as error:
        message = str(error)
    else:
        message = ""
        assert len(set(match.index)) == len(match.index) == len(match.keypoints)
    assert "\n" not in message


@given(st.text(max_size=200))
def test_any_text_is_a_map_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("map") / "m.toml"
    path.write_text(content, encoding="utf-8", newline="")
    with pytest.raises(InputError):
        resolve(["a"], load(path))


def test_nearest():
    assert nearest("left_hipp", KEYPOINTS) == "left_hip"
    assert nearest("zzz", KEYPOINTS) is None


def test_the_order_of_the_mpii_joints():
    # Column order of the published table, with its names.
    legs, arms = ("ankle", "knee", "hip"), ("wrist", "elbow", "shoulder")
    published = [
        *(f"r {part}" for part in legs),
        *(f"l {part}" for part in reversed(legs)),
        *("pelvis", "thorax", "upper neck", "head top"),
        *(f"r {part}" for part in arms),
        *(f"l {part}" for part in reversed(arms)),
    ]
    match = resolve(published)
    found = {i: k for k, i in zip(match.keypoints, match.index, strict=True)}
    assert tuple(found.get(i) for i in range(16)) == LAYOUTS["mpii-16"]

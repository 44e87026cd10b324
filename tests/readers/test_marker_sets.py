from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from stridewise.readers import clusters, marker_sets


def still(*xyz: float, frames: int = 2):
    return np.tile(np.array(xyz, dtype=float), (frames, 1))


@pytest.mark.parametrize(
    "label", ["L.Heel.Bottom", "LHeelBottom", "Ann:LHEELBOTTOM", "l_heel bottom"]
)
def test_names_are_compared_without_case_punctuation_and_subject(label):
    assert marker_sets.normalise(label) == "lheelbottom"


def test_hip_centres_of_a_level_pelvis():
    """Width 240 mm and depth 150 mm: 45.9 back, 82.9 down, 86.5 aside by the published formula."""
    asis = {"left": still(0, 1, -0.12), "right": still(0, 1, 0.12)}
    hips = marker_sets.hip_centres(asis, still(-0.15, 1, 0))
    np.testing.assert_allclose(hips["right"], still(-0.0459, 1 - 0.0829, 0.0865), atol=1e-12)
    np.testing.assert_allclose(hips["left"], still(-0.0459, 1 - 0.0829, -0.0865), atol=1e-12)


@pytest.mark.parametrize(
    ("psis", "asis"),
    [
        (("LPSI", "RPSI"), ("LASI", "RASI")),
        (("L.PSIS", "R.PSIS"), ("L.ASIS", "R.ASIS")),
        (("SACR",), ("LASI", "RASI")),
    ],
)
def test_hips_from_pelvis_markers_under_their_names(psis, asis):
    markers = {name: still(0, 1, z) for name, z in zip(asis, (-0.12, 0.12), strict=True)}
    side = 0.05 if len(psis) > 1 else 0.0
    markers |= {name: still(-0.15, 1, s * side) for name, s in zip(psis, (-1, 1), strict=False)}
    points, notes = marker_sets.joints(markers)
    np.testing.assert_allclose(points["right_hip"], still(-0.0459, 0.9171, 0.0865), atol=1e-12)
    assert "Harrington" in notes[0]


def test_computed_joint_centres_are_preferred():
    markers = {
        "LKNE": still(0, 0.5, -0.15),
        "LKJC": still(0, 0.5, -0.1),
        "LAJC": still(0, 0.1, -0.1),
    }
    points, notes = marker_sets.joints(markers)
    np.testing.assert_array_equal(points["left_knee"], markers["LKJC"])
    np.testing.assert_array_equal(points["left_ankle"], markers["LAJC"])
    assert notes == []


def test_lateral_markers_are_moved_towards_the_midline():
    markers = {
        "LHJC": still(0, 0.9, -0.09),
        "RHJC": still(0, 0.9, 0.09),
        "LKNE": still(0, 0.5, -0.15),
        "RLLMAL": still(9, 9, 9),
        "RLMAL": still(0, 0.1, 0.15),
    }
    points, notes = marker_sets.joints(markers)
    np.testing.assert_allclose(points["left_knee"], still(0, 0.5, -0.10), atol=1e-12)
    np.testing.assert_allclose(points["right_ankle"], still(0, 0.1, 0.115), atol=1e-12)
    assert len(notes) == 2


def test_wrist_and_ear_are_means_of_their_markers():
    markers = {"RWRA": still(0, 1, 0), "RWRB": still(2, 1, 4)}
    points, _ = marker_sets.joints(markers)
    np.testing.assert_array_equal(points["right_wrist"], still(1, 1, 2))


def test_markers_never_seen_do_not_count():
    markers = {"LKJC": still(np.nan, np.nan, np.nan), "LFEO": still(0, 0.5, 0)}
    points, _ = marker_sets.joints(markers)
    np.testing.assert_array_equal(points["left_knee"], still(0, 0.5, 0))


REST = np.array([[0.0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0.05, 0.05, 0.08]])


def swing(degrees, axis=(0, 0, 1)):
    return Rotation.from_rotvec(np.outer(np.radians(degrees), axis)).as_matrix()


def test_poses_are_exact_for_rigid_motion():
    rng = np.random.default_rng(1)
    rotation = Rotation.random(6, random_state=rng).as_matrix()
    shift = rng.normal(size=(6, 3))
    markers = np.einsum("fij,mj->fmi", rotation, REST) + shift[:, None]
    markers[2, 0] = np.nan
    found, translation = clusters.poses(REST, markers)
    np.testing.assert_allclose(found, rotation, atol=1e-12)
    np.testing.assert_allclose(translation, shift, atol=1e-12)


def test_two_markers_are_no_pose():
    markers = np.tile(REST, (2, 1, 1))
    markers[1, :2] = np.nan
    carried = clusters.carry(np.array([1.0, 2, 3]), REST, markers)
    np.testing.assert_allclose(carried[0], [1, 2, 3], atol=1e-12)
    assert np.isnan(carried[1]).all()


def test_a_hinge_is_found_from_motion():
    """The distal cluster turns about a z axis through (0.2, -0.1); both drift along together."""
    centre = np.array([0.2, -0.1, 0.03])
    degrees = 50 * np.sin(np.linspace(0, 12, 300))
    drift = np.stack([np.linspace(0, 3, 300)] * 3, axis=1)[:, None]
    proximal = REST + drift
    distal = np.einsum("fij,mj->fmi", swing(degrees), REST - (0, 0.3, 0)) + centre + drift
    joint = clusters.hinge(proximal, distal) - drift[:, 0]
    np.testing.assert_allclose(joint[:, :2], np.tile(centre[:2], (300, 1)), atol=1e-9)


def test_a_hinge_between_clusters_never_seen_together():
    proximal = np.tile(REST, (4, 1, 1))
    distal = proximal.copy()
    proximal[:2] = np.nan
    distal[2:] = np.nan
    assert np.isnan(clusters.hinge(proximal, distal)).all()

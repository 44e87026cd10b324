"""Fingerprints: learnt from films with planted errors, and drawn from again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stridewise.simulate.estimator import STEPS, Fingerprint, sides
from tests.training.planted import Faults, film
from training.films.aligned import gather
from training.films.card import HEIGHT, card
from training.films.errors import take_apart
from training.films.figures import figures
from training.films.fingerprint import LEAST_FILMS, fit
from training.films.imitation import held_out_sources, imitated
from training.films.record import Film

#: Eight people at whom it errs alike, but for how far it puts ankles up.
UP = np.array([-0.02, -0.01, -0.01, 0.0, 0.0, 0.01, 0.01, 0.02])
RUNNERS = ("03", "04", "08", "10", "11", "12", "13", "14")


def made_films(estimator: str = "blazepose-full") -> list[Film]:
    return [
        film(
            Faults(
                lag_s={"hip": 0.03},
                offset={"right_ankle": (0.01, up), "right_hip": (0.0, -0.02)},
                exchanged=(0.7, 0.78),
                noise=0.004,
            ),
            runner=runner,
            seed=20 + i,
            seconds=5.0,
            estimator=estimator,
        )
        for i, (runner, up) in enumerate(zip(RUNNERS, UP, strict=True))
    ]


FILMS = made_films()


@pytest.fixture(scope="module")
def source() -> Fingerprint:
    return fit(FILMS, "blazepose-full")


def test_it_holds_what_was_planted(source: Fingerprint) -> None:
    side = source.views["side"]
    names = source.keypoints
    ankle, hip = names.index("right_ankle"), names.index("right_hip")
    assert (source.layout, side.films) == ("blazepose-33", 8)
    assert side.lag_s[hip] == pytest.approx(0.03, abs=2e-3)
    assert side.shape[ankle, :, 0] == pytest.approx((0.01, UP.mean()), abs=2e-3)
    assert side.shape[hip, :, 0] == pytest.approx((0.0, -0.02), abs=2e-3)
    # The people differ in this and in little else.
    up = side.people @ side.bends[:, ankle, 1, 0]
    assert np.sort(up) == pytest.approx(UP - UP.mean(), abs=2e-3)
    assert np.abs(side.people @ side.bends[:, hip, 1, 0]).max() < 2e-3
    assert np.median(side.spread[ankle]) == pytest.approx(0.004, rel=0.1)
    there = side.over[:, ankle] / STEPS
    # From 0.70 to 0.78 of every other stride, in 48 bins.
    assert there[..., 35:37].mean() == pytest.approx(0.5, abs=0.05)
    assert there[..., :30].max() == 0.0
    assert side.seen_over[ankle] == pytest.approx(np.log(0.6 / 0.4) - np.log(0.9 / 0.1), abs=0.1)
    assert side.lost.max() == 0.0


def test_views_with_few_films_are_not_learnt() -> None:
    few = fit(FILMS[: LEAST_FILMS - 1], "blazepose-full")
    assert few.views == {}


def test_what_is_left_out_leaves_no_trace(source: Fingerprint) -> None:
    without = fit(FILMS, "blazepose-full", without=("14",))
    side = without.views["side"]
    ankle = without.keypoints.index("right_ankle")
    assert side.films == 7
    assert side.shape[ankle, 1, 0] == pytest.approx(UP[:-1].mean(), abs=2e-3)
    up = side.shape[ankle, 1, 0] + side.people @ side.bends[:, ankle, 1, 0]
    assert up.max() == pytest.approx(0.01, abs=2e-3)


def test_imitations_err_like_the_films(source: Fingerprint) -> None:
    real, made = (
        figures(take_apart(gather(films, "blazepose-full")["side"]))
        for films in (FILMS, [imitated(one, source, seed) for seed in (1, 2) for one in FILMS])
    )
    np.testing.assert_allclose(made.lag_s[3:], real.lag_s[3:], atol=3e-3)
    legs = [i for i, n in enumerate(real.keypoints) if n.endswith(("hip", "knee", "ankle", "toe"))]
    np.testing.assert_allclose(made.offset[legs], real.offset[legs], atol=8e-3)
    np.testing.assert_allclose(made.remainder[3:], real.remainder[3:], rtol=0.15)
    assert made.exchanges.share == pytest.approx(real.exchanges.share, abs=0.015)
    assert made.visible[3:] == pytest.approx(real.visible[3:], abs=0.03)


def test_the_same_seed_imitates_alike(source: Fingerprint) -> None:
    first, again, other = (
        imitated(FILMS[0], source, seed).points["blazepose-full"] for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again, equal_nan=True)
    assert not np.allclose(first, other, equal_nan=True)


def test_repeated_pictures_are_imitated_alike(source: Fingerprint) -> None:
    one = FILMS[0]
    twice = np.repeat(np.arange(len(one.time)), 2)
    slow = replace(
        one,
        time=one.time[twice],
        stamp=np.arange(len(twice)) / 120,
        leg_px=one.leg_px[twice],
        true={name: xy[twice] for name, xy in one.true.items()},
        points={name: xy[twice] for name, xy in one.points.items()},
    )
    points = imitated(slow, source, 1).points["blazepose-full"]
    assert np.array_equal(points[::2], points[1::2], equal_nan=True)
    assert np.array_equal(
        points[::2], imitated(one, source, 1).points["blazepose-full"], equal_nan=True
    )


def test_each_fold_is_learnt_from_the_others() -> None:
    sources = held_out_sources(FILMS, "blazepose-full")
    assert set(sources) == {one.fold for one in FILMS}
    for fold, made in sources.items():
        others = [one for one in FILMS if one.fold != fold]
        assert {view: h.films for view, h in made.views.items()} == (
            {"side": len(others)} if len(others) >= LEAST_FILMS else {}
        )


@pytest.mark.parametrize("estimator", ["blazepose-full", "movenet-thunder"])
def test_a_card_is_a_picture_with_words(estimator: str) -> None:
    from xml.etree import ElementTree

    from stridewise.report.svg import standalone

    errors = take_apart(gather(made_films(estimator)[:3], estimator)["side"])
    picture = standalone(card(errors, figures(errors), "An estimator"))
    root = ElementTree.fromstring(picture)
    assert root.get("height") == f"{HEIGHT:g}"
    words = " ".join(t for t in root.itertext())
    assert "3 films of 3 runners" in words
    assert "Legs exchanged: 4." in words or "Legs exchanged: 3." in words
    assert ("Heels and toes are not among" in words) == (estimator == "movenet-thunder")
    assert "nan" not in picture


def test_points_follow_their_own_leg() -> None:
    assert sides(("nose", "left_ear", "right_toe")).tolist() == [0, 1, 0]

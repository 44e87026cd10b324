import pytest

from stridewise.activities import Activity, activities, get
from stridewise.activities import registry as registry_module
from stridewise.activities.running import LIMITS, RUNNING, cadence_doubt, decline_reason
from stridewise.errors import InputError
from stridewise.form.areas import load_areas
from stridewise.form.wording import load_wording

RUNNER = {
    "alternating_contacts": 30,
    "cadence_spm": 168.0,
    "duty_factor": 0.36,
    "pelvis_movement": 0.09,
}


def test_running_is_registered():
    assert get("running") is RUNNING
    assert RUNNING in activities()


def test_an_unknown_activity_lists_the_known_ones():
    with pytest.raises(InputError, match=r"Expected one of running\. Received juggling\."):
        get("juggling")


def test_another_activity_can_be_registered(monkeypatch):
    monkeypatch.setattr(registry_module, "_activities", {"running": RUNNING})
    hopping = Activity(**{**vars(RUNNING), "name": "hopping"})
    assert registry_module.register(hopping) is hopping
    assert get("hopping") is hopping
    assert [a.name for a in activities()] == ["hopping", "running"]


def test_an_activity_of_another_package_is_loaded(monkeypatch):
    hopping = Activity(**{**vars(RUNNING), "name": "hopping"})

    class Entry:
        def load(self):
            return lambda: hopping

    monkeypatch.setattr(registry_module, "_activities", {"running": RUNNING})
    monkeypatch.setattr(registry_module, "entry_points", lambda group: [Entry()])
    registry_module._load_third_party.cache_clear()
    try:
        assert get("hopping") is hopping
    finally:
        registry_module._load_third_party.cache_clear()


def test_its_files_are_there_and_are_for_it():
    assert load_areas(RUNNING.areas).activity == RUNNING.name
    assert set(load_wording(RUNNING.wording).areas)
    assert RUNNING.norms.is_file()


def test_metrics_are_those_of_the_catalogue():
    from stridewise.metrics.registry import catalogue

    assert len(set(RUNNING.metrics)) == len(RUNNING.metrics)
    assert set(RUNNING.metrics) <= set(catalogue())


def test_limits_agree_with_each_other():
    # A stride is two steps: cadence = 120 / stride time.
    shortest, longest = LIMITS.stride_time_s
    slowest, fastest = LIMITS.cadence_spm
    assert 120 / longest <= slowest < LIMITS.usual_cadence_spm < fastest <= 120 / shortest


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"duty_factor": None, "pelvis_movement": None},
        {"cadence_spm": 130.0},
        {"cadence_spm": 230.0},
        {"duty_factor": 0.55, "cadence_spm": 150.0},  # grounded running
        {"alternating_contacts": 3},  # one whole stride
        {"cadence_spm": 86.0, "time_scale": 4.0},  # the user's word counts, within a factor of two
    ],
)
def test_running_is_not_declined(change):
    assert decline_reason(**RUNNER | change) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"alternating_contacts": 0, "cadence_spm": None, "pelvis_movement": 0.003},
            "No running was found: 0 steps with alternating feet, and at least 3 are needed; the "
            "hips hardly rise and fall, so the person seems to stand",
        ),
        (
            {"alternating_contacts": 2},
            "No running was found: 2 steps with alternating feet, and at least 3 are needed",
        ),
        (
            {"cadence_spm": float("nan")},
            "No running was found: the steps have no measurable rhythm",
        ),
        (
            {"cadence_spm": None},
            "No running was found: the steps have no measurable rhythm",
        ),
        (
            {"pelvis_movement": 0.01},
            "No running was found: the feet move, but the hips hardly rise and fall",
        ),
        (
            {"cadence_spm": 112.0, "duty_factor": 0.62},
            "This looks like walking: 112 steps/min, with each foot on the ground for 62 % of the "
            "stride and no flight phase",
        ),
        (
            {"cadence_spm": 22.5},
            "A cadence of 22.5 steps/min is outside what runners show (130 to 230 steps/min). If "
            "the recording is slow motion, state it with --time-scale 8: the cadence is then 180 "
            "steps/min",
        ),
        (
            {"cadence_spm": 22.5, "duty_factor": 0.6},  # too slow even for walking
            "A cadence of 22.5 steps/min is outside what runners show (130 to 230 steps/min). If "
            "the recording is slow motion, state it with --time-scale 8: the cadence is then 180 "
            "steps/min",
        ),
        (
            {"cadence_spm": 43.0, "time_scale": 2.0},  # 240 frames/s shown at 30, told as half
            "A cadence of 43 steps/min is outside what runners show (130 to 230 steps/min). If the "
            "recording is slow motion, state it with --time-scale 8: the cadence is then 172 "
            "steps/min",
        ),
        (
            {"cadence_spm": 344.0},
            "A cadence of 344 steps/min is outside what runners show (130 to 230 steps/min). If "
            "the recording is played too fast, state it with --time-scale 0.5: the cadence is then "
            "172 steps/min",
        ),
        (
            {"cadence_spm": 122.0},  # no usual factor fits: 1.2 is none, and 2 gives 244
            "A cadence of 122 steps/min is outside what runners show (130 to 230 steps/min)",
        ),
    ],
)
def test_what_is_not_running_is_declined(change, reason):
    assert decline_reason(**RUNNER | change) == reason


def test_odd_cadences_raise_doubt():
    assert cadence_doubt(172.0, 4.0) is None
    assert cadence_doubt(86.0, 4.0) == (
        "A cadence of 86 steps/min is outside what runners show (130 to 230 steps/min). If the "
        "recording is slow motion, state it with --time-scale 8: the cadence is then 172 steps/min"
    )

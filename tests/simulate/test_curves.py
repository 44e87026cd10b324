import numpy as np
import pytest

from stridewise.simulate.curves import HARMONICS, TOE_OFF, basis, bump, stride_phase


def test_basis_of_known_waves():
    assert basis(np.array([0.25]), 2)[0] == pytest.approx([1, 0, 1, -1, 0], abs=1e-12)
    assert basis(np.zeros(0), 3).shape == (0, 7)


def test_phase_counts_contacts_and_toe_offs():
    contact, off = np.array([0.1, 0.8, 1.6]), np.array([0.35, 1.0, 1.9])
    phase = stride_phase(np.array([0.1, 0.35, 0.8, 1.0, 1.6, 1.9]), contact, off)
    assert phase == pytest.approx([0, TOE_OFF, 1, 1 + TOE_OFF, 2, 2 + TOE_OFF])
    assert np.all(np.diff(stride_phase(np.linspace(0.1, 1.9, 500), contact, off)) > 0)


def test_bump_is_one_at_its_centre_and_gone_half_a_stride_away():
    for centre in (0.0, 0.16, 0.9):
        value = basis(np.array([centre, centre + 0.5]), HARMONICS) @ bump(centre, 0.08)
        assert value == pytest.approx([1, 0], abs=2e-3)

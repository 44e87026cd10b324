from __future__ import annotations

import pytest

from stridewise.errors import InputError
from stridewise.readers import read

HEADER = (
    "ID,NAME,r ankle_X,r ankle_Y,r knee_X,r knee_Y,r hip_X,r hip_Y,l hip_X,l hip_Y,l knee_X,"
    "l knee_Y,l ankle_X,l ankle_Y,upper neck_X,upper neck_Y,Scale,Activity,Category\n"
)


def test_the_table_of_stills_is_declined(tmp_path):
    path = tmp_path / "mpii.csv"
    path.write_text(HEADER + "1,a.jpg" + ",5" * 14 + ",3.0,running,sports\n")
    with pytest.raises(InputError, match=r"MPII table of still pictures.*no movement in it"):
        read(path)


def test_the_published_table_is_declined(laboratory):
    with pytest.raises(InputError, match="MPII table of still pictures"):
        read(laboratory / "mpii" / "mpii_human_pose.csv")

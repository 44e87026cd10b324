"""What it makes of lines and joints that points lie beside them for a whole recording.

A pose estimator has its own idea of where a joint is, and keeps to it. No number of steps averages
that out, and two opinions that rest on the same points share it. It is taken for an offset of each
point that lasts, in any direction, without regard to the offsets of other points.
"""

from __future__ import annotations

import math

#: Standard deviation of a point's lasting offset, per coordinate, in leg lengths: about two
#: centimetres (`stridewise.simulate.noise.LEVELS["typical"]`). Assumed of every flat picture.
OFFSET = 0.02


def wrong(offset: float, *weights: float) -> float:
    """Return by how much an angle is wrong throughout, standard deviation in degrees.

    Parameters
    ----------
    offset : float
        Of each point, in leg lengths.
    *weights : float
        By how much the angle (radians) changes with each point, per leg length.
    """
    return math.degrees(offset * math.hypot(*weights))


def turned(offset: float, length: float) -> float:
    """Return by how much a line is turned throughout, standard deviation in degrees.

    Parameters
    ----------
    offset : float
        Of its two ends, in leg lengths.
    length : float
        As seen, in leg lengths: the shorter the line, the more it turns.
    """
    return wrong(offset, 1 / length, 1 / length)


def bent(offset: float, upper: float, lower: float) -> float:
    """Return by how much the angle between two lines with a common point is wrong, in degrees.

    The common point turns both, one way each.

    Parameters
    ----------
    offset : float
        Of the three points, in leg lengths.
    upper, lower : float
        Lengths of the lines as seen, in leg lengths.
    """
    return wrong(offset, 1 / upper, 1 / upper + 1 / lower, 1 / lower)


def left_over(degrees: float) -> float:
    """Return which share of a lasting error stays in the difference of a line's directions.

    The offset keeps its direction in the picture while the line turns: two directions that are the
    same share the whole error, opposite ones differ by twice of it.

    Parameters
    ----------
    degrees : float
        Between the two directions.
    """
    return 2 * abs(math.sin(math.radians(degrees) / 2))

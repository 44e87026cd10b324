"""What people wear and look like: looks as data, put onto a body as layers of mesh."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.skeletons import SIDES
from training.films.body import Body, joined, neighbours, normals
from training.films.shoe import Shoe

Array = NDArray[np.float64]
Colour = tuple[float, float, float]

#: What a surface is made of; the number goes to the shader.
MATERIALS = ("skin", "top", "bottom", "sock", "hair", "shoe", "sole")
#: Patterns that the shader knows, by number.
PATTERNS = ("plain", "hoops", "panel", "print", "dots", "bib", "skin")


@dataclass(frozen=True)
class Garment:
    """A piece of clothing.

    Parameters
    ----------
    reach : float
        Of a top: how far the sleeve covers the arm (0 none, 1 to the elbow, 2 to the wrist); of a
        bottom: how far it covers the leg (1 to the knee, 2 to the ankle); of socks: metres above
        the ankle.
    loose : float
        How far the cloth stands off, 0 tight to 1 wide.
    pattern : str
        One of `PATTERNS`.
    hem : float
        Of a top only: metres below the hip at which it ends.
    """

    reach: float
    loose: float = 0.5
    pattern: str = "plain"
    hem: float = 0.0


@dataclass(frozen=True)
class Look:
    """One way to look; colours are drawn."""

    top: Garment | None
    bottom: Garment
    socks: Garment
    hair: str = "short"
    shoe: str = "panel"
    tattoo: bool = False


_LOW, _CREW, _KNEE = Garment(0.03), Garment(0.13, 0.1, "hoops"), Garment(0.36, 0.05)
_TEE, _SINGLET = Garment(0.62, 0.5), Garment(0.05, 0.4)
# Long wide shorts hide how far the hip rises: estimators then follow only half of its bounce, which
# they do not do on real runners. Shorts for running are short or narrow.
_SHORT, _LONG_SHORT = Garment(0.38, 0.45), Garment(0.56, 0.35)

#: The looks; each appears in every fold.
LOOKS: Mapping[str, Look] = {
    "tee and shorts": Look(_TEE, _LONG_SHORT, _LOW),
    "printed tee": Look(Garment(0.6, 0.5, "print", 0.05), _SHORT, _CREW, shoe="print"),
    "hooped tee": Look(Garment(0.6, 0.6, "hoops", 0.02), Garment(0.5, 0.4, "panel"), _LOW),
    "club singlet": Look(Garment(0.05, 0.35, "bib", -0.02), Garment(0.3, 0.5, "panel"), _LOW),
    "panel tee, half tights": Look(
        Garment(0.6, 0.4, "panel", -0.03), Garment(0.75, 0.0, "panel"), _CREW
    ),
    "singlet and split shorts": Look(_SINGLET, Garment(0.28, 0.5), _KNEE, shoe="plain"),
    "bare trunk": Look(None, _LONG_SHORT, _CREW, tattoo=True),
    "bare trunk, tights": Look(None, Garment(1.95, 0.0, "panel"), _LOW, hair="cap"),
    "crop top and tights": Look(
        Garment(0.0, 0.0, "plain", -0.16), Garment(1.95, 0.0), _LOW, hair="ponytail"
    ),
    "crop top and short tights": Look(
        Garment(0.0, 0.0, "panel", -0.16), Garment(0.45, 0.0), _CREW, hair="ponytail", tattoo=True
    ),
    "long sleeves and tights": Look(
        Garment(1.95, 0.3, "panel", 0.05), Garment(1.95, 0.0, "print"), _LOW, hair="long"
    ),
    "long sleeves and shorts": Look(
        Garment(1.9, 0.4, "plain", 0.0), Garment(0.45, 0.4, "panel"), _KNEE, shoe="hoops"
    ),
    "track suit": Look(Garment(1.95, 0.8, "panel", 0.06), Garment(1.95, 0.35, "panel"), _LOW),
    "dotted tee, long hair": Look(
        Garment(0.5, 0.4, "dots", 0.0), Garment(1.4, 0.0), _LOW, hair="long", shoe="dots"
    ),
    "wide tee": Look(Garment(0.9, 1.0, "bib", 0.1), Garment(0.7, 0.5), _CREW, hair="cap"),
    "bald, compression": Look(
        Garment(0.5, 0.0, "panel", -0.04), Garment(0.8, 0.0, "panel"), _KNEE, hair="none"
    ),
}

#: Limbs whose inner sides lie in the shade, and how much light is missing there.
_INNER = ("thigh", "shank", "foot", "upper_arm", "forearm", "hand")
_INNER_SHADE = 0.6
#: From light to dark, red, green, blue.
_SKINS = (
    *((0.92, 0.75, 0.65), (0.80, 0.58, 0.46), (0.60, 0.42, 0.31)),
    *((0.42, 0.28, 0.20), (0.27, 0.18, 0.13)),
)
_HAIR = ((0.10, 0.07, 0.05), (0.25, 0.16, 0.09), (0.55, 0.42, 0.25), (0.45, 0.22, 0.10), (0.5,) * 3)


@dataclass(frozen=True)
class Colours:
    """Main and second colour of each material."""

    main: Mapping[str, Colour]
    second: Mapping[str, Colour]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def draw_colours(rng: np.random.Generator) -> Colours:
    """Draw skin, hair and cloth."""

    def cloth() -> Colour:
        kind = rng.random()
        if kind < 0.3:  # black, grey, white
            return (float(rng.choice([0.05, 0.09, 0.3, 0.6, 0.88])),) * 3
        r, g, b = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.45, 0.95), rng.uniform(0.25, 0.9))
        return (float(r), float(g), float(b))

    skin = np.array(_SKINS[rng.integers(len(_SKINS))])
    skin = skin * rng.uniform(0.92, 1.08)
    main = {name: cloth() for name in ("top", "bottom", "shoe")}
    main |= {
        "skin": tuple(float(v) for v in skin),
        "hair": tuple(float(v) for v in _HAIR[rng.integers(len(_HAIR))]),
        "sock": (0.88,) * 3 if rng.random() < 0.5 else cloth(),
        "sole": (0.92,) * 3 if rng.random() < 0.7 else cloth(),
    }
    second = {name: _unlike(main[name], cloth) for name in ("top", "bottom", "shoe", "sock")}
    second["skin"] = tuple(float(v) for v in skin * [0.45, 0.5, 0.6])
    return Colours(main, second)


def _unlike(colour: Colour, draw) -> Colour:  # type: ignore[no-untyped-def]
    """Draw until the colour can be told from the other."""
    for _ in range(20):
        other = draw()
        if np.abs(np.subtract(colour, other)).max() > 0.35:
            return other
    return (1 - colour[0], 1 - colour[1], 1 - colour[2])


@dataclass(frozen=True, eq=False)
class Dressed:
    """Everything that is drawn of one person, at rest.

    Parameters
    ----------
    vertices, normals, colours, rest : ndarray, shape (vertices, 3)
        `rest` is where the pattern is looked up: it sticks to the surface.
    faces : ndarray of int, shape (faces, 3)
    material : ndarray of int, shape (vertices,)
    weights : ndarray, shape (vertices, bones)
        Over the bones of `training.films.runner.Runner.bones`.
    """

    vertices: Array
    normals: Array
    colours: Array
    rest: Array
    faces: NDArray[np.int64]
    material: NDArray[np.int64]
    weights: Array


def dress(
    body: Body, shoes: Mapping[str, Shoe], look: Look, colours: Colours, rng: np.random.Generator
) -> Dressed:
    """Dress a body: skin, cloth, hair and shoes as layers over one another."""
    tailor = _Tailor(body, colours, rng)
    # From the outside in: what is covered then costs nothing.
    layers = [] if look.top is None else [tailor.top(look.top)]
    layers += [tailor.bottom(look.bottom), *tailor.hair(look.hair), tailor.skin(look)]
    segments = len(body.segments)
    bones = segments + 2 * len(SIDES)
    layers = [
        (v, n, c, f, m, np.pad(w, ((0, 0), (0, bones - segments)))) for v, n, c, f, m, w in layers
    ]
    for i, side in enumerate(SIDES):
        layers.append(_shod(shoes[side], colours, segments + 2 * i, bones))
    vertices, faces = joined([(v, f) for v, _, _, f, _, _ in layers])
    around = np.concatenate([n for _, n, _, _, _, _ in layers])
    weights = np.concatenate([w for *_, w in layers])
    colour = np.concatenate([c for _, _, c, _, _, _ in layers])
    return Dressed(
        vertices=vertices,
        normals=around,
        colours=colour * _open(around, weights, body)[:, None],
        rest=vertices,
        faces=faces,
        material=np.concatenate([m for *_, m, _ in layers]),
        weights=weights,
    )


def _open(around: Array, weights: Array, body: Body) -> Array:
    """How much light reaches a surface: little comes to the inner sides of legs and arms.

    It is by this that near and far limb are told apart, as in real pictures.
    """
    shade = np.zeros(len(around))
    for i, (side, inward) in enumerate(zip(SIDES, (1.0, -1.0), strict=True)):
        limbs = [body.segments.index(f"{part}.{side}") for part in _INNER]
        feet = [len(body.segments) + 2 * i, len(body.segments) + 2 * i + 1]
        own = weights[:, [*limbs, *feet]].sum(axis=1)
        shade += own * _INNER_SHADE * np.clip(0.25 + 0.75 * inward * around[:, 2], 0, 1)
    return 1 - shade


_Layer = tuple[Array, Array, Array, NDArray[np.int64], NDArray[np.int64], Array]


class _Tailor:
    """Cuts layers out of the surface of one body."""

    def __init__(self, body: Body, colours: Colours, rng: np.random.Generator) -> None:
        self.body, self.colours, self.rng = body, colours, rng
        self.v, self.f = body.vertices, body.faces
        self.n = normals(self.v, self.f)
        self.around = neighbours(self.f, len(self.v))
        p = body.points
        self.hip = float(p["left_hip"][1] + p["right_hip"][1]) / 2
        self.knee = float(p["left_knee"][1] + p["right_knee"][1]) / 2
        self.ankle = float(p["left_ankle"][1] + p["right_ankle"][1]) / 2
        self.shoulder = float(p["left_shoulder"][1] + p["right_shoulder"][1]) / 2
        self.neck = float(body.bones["neck01"][1])
        self.eyes = (body.bones["eye.L"] + body.bones["eye.R"]) / 2

    def smooth(self, x: Array, times: int) -> Array:
        for _ in range(times):
            x = self.around @ x
        return x

    def both(self, *parts: str) -> Array:
        return self.body.share(*(f"{part}.{side}" for part in parts for side in SIDES))

    @property
    def _hands(self) -> Array:
        return self.both("hand", "knuckles", "fingers")

    def skin(self, look: Look) -> _Layer:
        """Cut out the body itself, with eyes, brows, lips and socks; feet are in the shoes."""
        v, count = self.v, len(self.v)
        main = self.colours.main
        colour = np.tile(main["skin"], (count, 1))
        colour *= 1 + 0.10 * self.smooth(self.rng.standard_normal((count, 1)), 3)
        colour[self.body.lips] = np.multiply(main["skin"], [0.80, 0.55, 0.55])
        colour[self.body.eyes] = 0.93
        for side, sign in (("left", -1), ("right", 1)):
            eye = self.body.eyes & (np.sign(v[:, 2]) == sign)
            c = v[eye].mean(axis=0)
            iris = np.hypot(v[:, 1] - c[1], v[:, 2] - c[2]) < 0.0065
            colour[eye & iris & (v[:, 0] > c[0] + 0.006)] = (0.12, 0.08, 0.05)
            brow = (np.abs(v[:, 1] - c[1] - 0.022) < 0.0045) & (
                np.abs(v[:, 2] - c[2] - 0.004 * sign) < 0.022
            )
            colour[brow & (v[:, 0] > c[0]) & (self.body.share("head") > 0.5)] = main["hair"]
            # Kneecaps and the backs of knees stand out on real legs.
            knee = self.body.points[f"{side}_knee"]
            near = np.linalg.norm(v - knee, axis=1) < 0.07
            colour[near & (self.n[:, 0] > 0.6)] *= 0.88
            colour[near & (self.n[:, 0] < -0.6)] *= 0.85
        material = np.full(count, MATERIALS.index("skin"))
        foot = self.both("foot", "shank") > 0.5
        sock = foot & (v[:, 1] < self.ankle + look.socks.reach)
        colour[sock] = main["sock"]
        edge = sock & (v[:, 1] > self.ankle + look.socks.reach - 0.02)
        colour[edge] = self.colours.second["sock"]
        material[sock] = MATERIALS.index("sock")
        hidden = (self.both("foot") > 0.4) & (v[:, 1] < self.ankle - 0.005)
        faces = self.f[~hidden[self.f].any(axis=1)]
        return v, self.n, colour, faces, material, self.body.weights

    def bottom(self, garment: Garment) -> _Layer:
        """Cut shorts, tights or trousers."""
        leg = self.hip - self.knee
        end = self.hip - min(garment.reach, 1) * leg
        if garment.reach > 1:
            end = self.knee - (garment.reach - 1) * (self.knee - self.ankle)
        v = self.v
        waist = self.hip + 0.13
        arms = self._hands + self.both("forearm", "upper_arm")
        mask = (v[:, 1] < waist) & (v[:, 1] > end) & (arms < 0.2)
        # Cloth hangs from the hip: the further down, the wider, as far as the thigh goes.
        down = np.clip((self.hip + 0.02 - v[:, 1]) / (0.6 * leg), 0, 1)
        off = 0.004 + garment.loose * (0.008 + 0.026 * down * np.clip(garment.reach, 0.4, 1))
        band = v[:, 1] > waist - 0.035
        hem = v[:, 1] < end + 0.02
        return self._cut(mask, off, "bottom", garment, second=band, darker=hem, passes=3)

    def top(self, garment: Garment) -> _Layer:
        """Cut what is worn on trunk and arms."""
        v, body = self.v, self.body
        along = np.zeros(len(v))
        for side in SIDES:
            shoulder, elbow = body.points[f"{side}_shoulder"], body.points[f"{side}_elbow"]
            wrist = body.points[f"{side}_wrist"]
            upper, fore = elbow - shoulder, wrist - elbow
            near = body.share(f"upper_arm.{side}", f"forearm.{side}") > 0.3
            high = (v - shoulder) @ upper / (upper @ upper)
            low = 1 + (v - elbow) @ fore / (fore @ fore)
            own = body.share(f"forearm.{side}") > 0.5
            along = np.where(near, np.where(own, low, high), along)
        neck = body.bones["neck01"]
        wide = 0.068 if garment.reach > 0.1 else 0.09
        hole = (np.hypot(v[:, 0] - neck[0], v[:, 2]) < wide) & (v[:, 1] > self.neck - 0.045)
        end = self.hip - garment.hem
        if garment.hem < -0.1:  # a crop top ends below the breast
            end = self.shoulder - 0.62 * (self.shoulder - self.hip) + 0.09
        mask = (
            (v[:, 1] > end)
            & (v[:, 1] < self.neck + 0.01)
            & (along < max(garment.reach, 0.12))
            & (self._hands < 0.4)
            & ~hole
            & (body.share("neck02", "neck03", "head") < 0.4)
            & (self.both("thigh") < 0.9)
        )
        if garment.reach < 1:
            mask &= self.both("forearm") < 0.4
        down = np.clip((self.shoulder - 0.12 - v[:, 1]) / 0.25, 0, 1)
        off = 0.005 + garment.loose * (0.012 + 0.026 * down)
        hem = (v[:, 1] < end + 0.015) | (along > garment.reach - 0.06)
        collar = v[:, 1] > self.neck - 0.03
        return self._cut(mask, off, "top", garment, second=collar, darker=hem, passes=4)

    def hair(self, style: str) -> list[_Layer]:
        """Cut hair: short, long, tied behind, under a cap, or none."""
        if style == "none":
            return []
        v, body = self.v, self.body
        ear = float(body.points["left_ear"][0] + body.points["right_ear"][0]) / 2
        x, y = self.eyes[:2]
        line = np.interp(
            v[:, 0],
            [ear - 0.02, ear + 0.015, ear + 0.035, x - 0.02, x + 0.02],
            [y - 0.065, y - 0.005, y + 0.03, y + 0.05, y + 0.062],
        )
        ears = (np.abs(v[:, 2]) > 0.068) & (np.abs(v[:, 0] - ear) < 0.03) & (v[:, 1] < y + 0.02)
        head = body.share("head") > 0.5
        scalp = head & ~body.eyes & ~ears & (v[:, 1] > line)
        if style == "long":
            behind = (v[:, 0] < ear + 0.01) & (v[:, 1] > self.neck - 0.02)
            scalp |= behind & (body.share("head", "neck03", "neck02", "neck01") > 0.4) & ~ears
        off = 0.006 + (0.02 if style == "long" else 0.010) * np.clip((v[:, 1] - y) / 0.06, 0, 1)
        if style == "long":
            off += 0.02 * np.clip((y - v[:, 1]) / 0.06, 0, 1)
        material = "top" if style == "cap" else "hair"
        layers = [self._cut(scalp, off, material, Garment(0, pattern="plain"), passes=1)]
        if style == "cap":
            peak = head & (v[:, 1] > y + 0.02) & (v[:, 1] < y + 0.06) & (v[:, 0] > x - 0.03)
            layers.append(
                self._cut(peak, 0.004 + 0.06 * (v[:, 0] > x - 0.015), "top", Garment(0), passes=1)
            )
        if style == "ponytail":
            layers.append(self._tail(np.array([ear - 0.13, y + 0.01, 0.0])))
        return layers

    def _tail(self, root: Array) -> _Layer:
        """Make a tied tail behind the head: a ball drawn long, hanging back and down."""
        rows, around = 9, 12
        a = np.linspace(0, np.pi, rows)[:, None]
        b = np.linspace(0, 2 * np.pi, around, endpoint=False)
        ball = np.stack(
            [np.sin(a) * np.cos(b), np.cos(a) + 0 * b, np.sin(a) * np.sin(b)], axis=-1
        ).reshape(-1, 3)
        down = (1 - ball[:, 1:2]) / 2
        v = root + ball * [0.03, 0.12, 0.03] + [-0.02, -0.08, 0] + [-0.06, 0, 0] * np.sqrt(down)
        i = np.arange(rows - 1)[:, None] * around
        k, n = np.arange(around), (np.arange(around) + 1) % around
        faces = np.concatenate(
            [
                np.stack([i + k, i + n, i + k + around], -1).reshape(-1, 3),
                np.stack([i + n, i + n + around, i + k + around], -1).reshape(-1, 3),
            ]
        )
        weights = np.zeros((len(v), len(self.body.segments)))
        weights[:, self.body.segments.index("head")] = 1.0
        colour = np.tile(self.colours.main["hair"], (len(v), 1))
        return (
            v,
            normals(v, faces),
            colour,
            faces,
            np.full(len(v), MATERIALS.index("hair")),
            weights,
        )

    def _cut(
        self,
        mask: NDArray[np.bool_],
        off: Array,
        material: str,
        garment: Garment,
        *,
        second: NDArray[np.bool_] | None = None,
        darker: NDArray[np.bool_] | None = None,
        passes: int,
    ) -> _Layer:
        """Lift a part of the surface off the skin and smooth it."""
        kept = self.f[mask[self.f].all(axis=1)]
        used, faces = np.unique(kept, return_inverse=True)
        faces = faces.reshape(-1, 3)
        base = self.smooth(self.v, passes)
        lifted = base + normals(base, self.f) * off[:, None]
        # Never under the skin.
        gap = ((lifted - self.v) * self.n).sum(axis=1)
        lifted += self.n * np.maximum(np.minimum(off, 0.006) - gap, 0)[:, None]
        # Cloth moves less sharply than the skin below it.
        weights = self.smooth(self.body.weights, round(10 * min(garment.loose * 1.5, 1)))
        colour = np.tile(self.colours.main[material], (len(self.v), 1))
        if second is not None:
            colour[second] = self.colours.second[material]
        if darker is not None:
            colour[darker] *= 0.75
        kind = np.full(len(used), MATERIALS.index(material))
        weights = weights[used] / weights[used].sum(axis=1, keepdims=True)
        return lifted[used], normals(lifted[used], faces), colour[used], faces, kind, weights


def _shod(shoe: Shoe, colours: Colours, bone: int, bones: int) -> _Layer:
    """Colour a shoe: upper, stripe, heel counter, laces and sole."""
    upper, other = np.array(colours.main["shoe"]), np.array(colours.second["shoe"])
    colour = np.where(shoe.is_sole[:, None], colours.main["sole"], upper)
    colour[~shoe.is_sole & (np.abs(shoe.along - 0.45) < 0.06)] = other
    colour[~shoe.is_sole & (shoe.along < 0.1)] = other * 0.7
    high = shoe.vertices[:, 1] - shoe.vertices[:, 1].min()
    laces = ~shoe.is_sole & (shoe.along > 0.5) & (shoe.along < 0.75) & (high > 0.06)
    colour[laces] = 0.9 if upper.mean() < 0.5 else 0.15
    weights = np.zeros((len(shoe.vertices), bones))
    weights[:, bone], weights[:, bone + 1] = 1 - shoe.bends, shoe.bends
    material = np.where(shoe.is_sole, MATERIALS.index("sole"), MATERIALS.index("shoe"))
    n = normals(shoe.vertices, shoe.faces)
    return shoe.vertices, n, colour, shoe.faces, material, weights

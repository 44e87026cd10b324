"""Pictures of dressed people in a place, by software OpenGL (EGL): shadows, patterns, exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.simulate.camera import Camera
from training.films.looks import MATERIALS, PATTERNS, Colours, Dressed, Look
from training.films.place import Place

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

#: Bones that a picture can hold in all: those of two people.
_BONES = 72
_NEAR_M, _FAR_M = 0.3, 80.0
_SHADOW_PX, _SHADOW_M = 1024, 1.4
#: How strongly cloth and skin wrinkle, shine and are grained, by material.
_WRINKLE = {"skin": 0.25, "top": 0.9, "bottom": 0.7, "sock": 0.3, "hair": 1.2, "shoe": 0.4}
_GLOSS = {"skin": 0.10, "shoe": 0.12, "plain": 0.15, "sole": 0.05}
_GRAIN = {"skin": 0.10, "top": 0.10, "bottom": 0.10, "hair": 0.6, "shoe": 0.1}

_SKIN = """
uniform vec4 bones[BONES];
in vec3 pos; in vec4 which; in vec4 share;
mat4x3 blend() {
  mat4x3 m = mat4x3(0.);
  for (int k = 0; k < 4; k++) {
    int i = 3*int(which[k] + .5);
    m += share[k]*transpose(mat3x4(bones[i], bones[i+1], bones[i+2]));
  }
  return m;
}
""".replace("BONES", str(3 * _BONES))

_VERTEX = (
    "#version 330\n"
    + _SKIN
    + """
uniform mat4 view; uniform mat4 light;
in vec3 nor; in vec3 col; in vec3 rest; in float mat;
out vec3 n; out vec3 n0; out vec3 c; out vec3 w; out vec3 r; out vec4 l; flat out int m;
void main() {
  mat4x3 b = blend();
  w = b*vec4(pos, 1.); n = mat3(b)*nor; n0 = nor; c = col; r = rest; m = int(mat + .5);
  l = light*vec4(w, 1.); gl_Position = view*vec4(w, 1.);
}
"""
)

_LIT = """
uniform sampler2D shade; uniform sampler3D noise;
uniform vec3 eye; uniform vec3 sun; uniform vec3 sun_colour;
uniform float ambient; uniform float gain;
float hash(vec2 p) { return fract(sin(dot(floor(p), vec2(12.9898, 78.233)))*43758.5453); }
float lit(vec4 l) {
  vec3 q = l.xyz/l.w*.5 + .5; float s = 0.;
  if (q.x < 0. || q.x > 1. || q.y < 0. || q.y > 1.) return 1.;
  for (int i = 0; i < 2; i++) for (int j = 0; j < 2; j++)
    s += q.z - .003 > texture(shade, q.xy + (vec2(i, j) - .5)*2.5/SHADOW).r ? 0. : .25;
  return s;
}
vec4 shaded(vec3 base, vec3 N, vec3 w, float seen, float gloss) {
  float side = max(dot(N, normalize(vec3(-.3, .35, -sun.z))), 0.);
  vec3 light = ambient*(.55 + .45*(.5 + .5*N.y)) + sun_colour*max(dot(N, sun), 0.)*seen + .18*side;
  vec3 H = normalize(sun + normalize(eye - w));
  vec3 shine = gloss*sun_colour*pow(max(dot(N, H), 0.), 24.)*seen;
  return vec4(clamp(gain*(base*light + shine), 0., 1.), 1.);
}
""".replace("SHADOW", f"{_SHADOW_PX}.")

_FRAGMENT = (
    "#version 330\n"
    + _LIT
    + """
in vec3 n; in vec3 n0; in vec3 c; in vec3 w; in vec3 r; in vec4 l; flat in int m; out vec4 o;
uniform float chest;
uniform vec4 surface[SLOTS];  // pattern, wrinkle, gloss, grain
uniform vec3 second[SLOTS];
void main() {
  vec4 s = surface[m]; int kind = int(s.x + .5);
  vec4 t = texture(noise, r*2.6);
  float k = 0.;
  vec3 base = c;
  if (kind == 1) k = step(.5, fract(r.y*14.));
  else if (kind == 2) k = step(.72, abs(n0.z));
  else if (kind == 3) k = smoothstep(.48, .56, texture(noise, r*1.3).r);
  else if (kind == 4) k = step(length(fract(r.zy*22.) - .5), .28);
  else if (kind == 5) {
    vec2 q = vec2(abs(r.z)/.11, (r.y - chest + .17)/.10);
    if (max(q.x, abs(q.y)) < 1.) {
      base = vec3(.9);
      float g = fract(r.z*26.);
      k = step(abs(q.y), .55)*step(.3, hash(vec2(r.z*26., 3.)))*step(.2, g)*step(g, .8);
    } else k = step(.8, abs(n0.z));
  }
  else if (kind == 6 && s.w > .5) k = .8*smoothstep(.70, .73, texture(noise, r*3.1).r);
  base = mix(base, second[m], k);
  base *= 1. + min(s.w, .5)*1.5*(texture(noise, r*17.).r - .5) + .11*(t.r - .5);
  vec3 N = normalize(n);
  if (dot(N, eye - w) < 0.) N = -N;
  N = normalize(N + s.y*(t.gba - .5) + .3*s.y*(texture(noise, r*7.).gba - .5));
  o = shaded(base, N, w, lit(l), s.z);
}
""".replace("SLOTS", str(2 * len(MATERIALS)))
)

_SCENERY = """#version 330
uniform mat4 view; uniform mat4 light; uniform vec3 place;
in vec3 pos; in vec3 nor; in vec3 col; in float mat;
out vec3 n; out vec3 c; out vec3 w; out vec4 l; flat out int m;
void main() {
  w = pos + place; n = nor; c = col; m = int(mat + .5);
  l = light*vec4(w, 1.); gl_Position = view*vec4(w, 1.);
}
"""
_SCENERY_FRAGMENT = (
    "#version 330\n"
    + _LIT
    + """
in vec3 n; in vec3 c; in vec3 w; in vec4 l; flat in int m; out vec4 o;
uniform float belt; uniform float ground; uniform vec3 lines; uniform vec3 place;
void main() {
  vec2 g = vec2(w.x + (m == 1 ? ground : belt), w.z - place.z);
  vec3 base = c;
  if (m == 1) {
    base *= 1. + .35*(texture(noise, vec3(g*.9, .3)).r - .5) + .2*(hash(g*40.) - .5);
    base = mix(base, lines, step(.97, fract(g.y*.82)));
  } else if (m == 2) {
    base *= 1. + .5*(hash(g*45.) - .5);
    base += .22*step(.985, fract(g.x*.9))*step(abs(g.y), .06);
  }
  o = shaded(base, n, w, lit(l), .1);
}
"""
)
#: Materials of the scenery, by number.
_STANDING = ("plain", "ground", "belt")

_SHADOW = (
    "#version 330\n"
    + _SKIN
    + """
uniform mat4 light;
void main() { gl_Position = light*vec4(blend()*vec4(pos, 1.), 1.); }
"""
)
_SHADOW_FRAGMENT = "#version 330\nvoid main() {}\n"
_BACK = """#version 330
in vec2 corner; out vec2 u; uniform vec2 slide; uniform float share;
void main() {
  u = vec2((corner.x*.5 + .5)*share, .5 - corner.y*.5) + slide;
  gl_Position = vec4(corner, .99999, 1.);
}
"""
_BACK_FRAGMENT = """#version 330
uniform sampler2D picture; uniform float gain; in vec2 u; out vec4 o;
void main() { o = vec4(clamp(gain*texture(picture, u).rgb, 0., 1.), 1.); }
"""


class Studio:
    """A place with people in it, ready to be filmed.

    Parameters
    ----------
    size : (width, height)
        Of the picture, in pixels.
    place : Place
    people : sequence of (Dressed, Look, Colours)
        One or two; the first is the runner.
    light : mapping
        `sun` (direction), `sun_colour`, `ambient`, `gain`.
    """

    def __init__(
        self,
        size: tuple[int, int],
        place: Place,
        people: Sequence[tuple[Dressed, Look, Colours]],
        light: Mapping[str, Any],
    ) -> None:
        import moderngl

        self.size, self.light, self._gl = size, light, moderngl
        c = self._context = moderngl.create_standalone_context(backend="egl")
        self._people = c.program(_VERTEX, _FRAGMENT)
        self._place = c.program(_SCENERY, _SCENERY_FRAGMENT)
        self._cast = c.program(_SHADOW, _SHADOW_FRAGMENT)
        self._back = c.program(_BACK, _BACK_FRAGMENT)
        self._drawn = c.framebuffer(
            [c.renderbuffer(size, 3, samples=4)], c.depth_renderbuffer(size, samples=4)
        )
        self._plain = c.framebuffer([c.renderbuffer(size, 3)])
        self._shade = c.depth_texture((_SHADOW_PX, _SHADOW_PX))
        self._shade.compare_func = ""
        self._shadow = c.framebuffer([], self._shade)
        self._noise = c.texture3d((64, 64, 64), 4, _noise_volume().tobytes())
        wide, high = place.background.shape[1], place.background.shape[0]
        self._picture = c.texture((wide, high), 3, place.background.tobytes(), alignment=1)
        self._picture.repeat_y = False
        self._share = place.background_share
        corners = np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4")
        self._quad = c.vertex_array(self._back, [(c.buffer(corners.tobytes()), "2f", "corner")])
        self._load_people(people)
        self._load_place(place)
        self._set_surfaces(people)
        self._write(self._place, "lines", place.lines)

    def _load_people(self, people: Sequence[tuple[Dressed, Look, Colours]]) -> None:
        """Put everybody into one buffer; four bones move a vertex."""
        rows, faces, start, bone = [], [], 0, 0
        for person, (dressed, _, _) in enumerate(people):
            which = np.argsort(-dressed.weights, axis=1)[:, :4]
            share = np.take_along_axis(dressed.weights, which, axis=1)
            share /= share.sum(axis=1, keepdims=True)
            material = dressed.material + person * len(MATERIALS)
            columns = (dressed.vertices, dressed.normals, dressed.colours, dressed.rest)
            rows.append(np.column_stack([*columns, material, which + bone, share]))
            faces.append(dressed.faces + start)
            start += len(dressed.vertices)
            bone += dressed.weights.shape[1]
        data, index = self._buffers(rows, faces)
        names = ("pos", "nor", "col", "rest", "mat", "which", "share")
        self._mesh = self._context.vertex_array(
            self._people, [(data, "3f 3f 3f 3f 1f 4f 4f", *names)], index
        )
        self._silhouette = self._context.vertex_array(
            self._cast, [(data, "3f 40x 4f 4f", "pos", "which", "share")], index
        )

    def _load_place(self, place: Place) -> None:
        rows, faces, start = [], [], 0
        for mesh in place.meshes:
            material = np.full(len(mesh.vertices), _STANDING.index(mesh.material))
            rows.append(np.column_stack([mesh.vertices, mesh.normals, mesh.colours, material]))
            faces.append(mesh.faces + start)
            start += len(mesh.vertices)
        data, index = self._buffers(rows, faces)
        self._scenery = self._context.vertex_array(
            self._place, [(data, "3f 3f 3f 1f", "pos", "nor", "col", "mat")], index
        )

    def _buffers(
        self, rows: Sequence[Array], faces: Sequence[NDArray[np.int64]]
    ) -> tuple[Any, Any]:
        make = self._context.buffer
        return (
            make(np.concatenate(rows).astype("f4").tobytes()),
            make(np.concatenate(faces).astype("i4").tobytes()),
        )

    def _set_surfaces(self, people: Sequence[tuple[Dressed, Look, Colours]]) -> None:
        surface = np.zeros((2 * len(MATERIALS), 4), "f4")
        second = np.zeros((2 * len(MATERIALS), 3), "f4")
        for person, (_, look, colours) in enumerate(people):
            pattern = {
                "top": look.top.pattern if look.top else "plain",
                "bottom": look.bottom.pattern,
                "sock": look.socks.pattern,
                "shoe": look.shoe,
                "skin": "skin",
            }
            for i, name in enumerate(MATERIALS):
                slot = i + person * len(MATERIALS)
                grain = _GRAIN.get(name, 0.08)
                if name == "skin" and look.tattoo:
                    grain = 0.55
                surface[slot] = (
                    PATTERNS.index(pattern.get(name, "plain")),
                    _WRINKLE.get(name, 0.0),
                    _GLOSS.get(name, 0.02),
                    grain,
                )
                second[slot] = colours.second.get(name, (0.8, 0.8, 0.8))
        self._write(self._people, "surface", surface)
        self._write(self._people, "second", second)
        chest = people[0][0].vertices[:, 1].max() * 0.8
        self._write(self._people, "chest", np.float32(chest))

    def _write(self, program: Any, name: str, value: Any) -> None:
        if name in program:
            program[name].write(np.asarray(value, "f4").tobytes())

    def shoot(
        self,
        camera: Camera,
        target: Array,
        bones: Array,
        *,
        belt: float,
        ground: float,
        slide: Array,
    ) -> Picture:
        """Take one picture without exposure time.

        Parameters
        ----------
        camera : Camera
        target : ndarray, shape (3,)
            What the camera stands its distance away from; the place lies around it.
        bones : ndarray, shape (bones, 3, 4)
            Of all people, in their order.
        belt, ground : float
            Metres that they have moved backwards.
        slide : ndarray, shape (2,)
            By how much of its width and height the background has moved.
        """
        gl, c = self._gl, self._context
        every = bones.astype("f4").reshape(-1, 4)
        padded = np.zeros((3 * _BONES, 4), "f4")
        padded[: len(every)] = every
        view, eye = _view(camera, target, self.size)
        light = _light(np.asarray(self.light["sun"]), target)
        now = {"bones": padded, "light": light.T, "view": view.T, "eye": eye, "belt": belt}
        now |= {"ground": ground, "place": target * [1, 0, 1], **self.light}
        for program in (self._people, self._place, self._cast):
            for name, value in now.items():
                self._write(program, name, value)
        self._write(self._back, "gain", self.light["gain"])
        self._write(self._back, "slide", slide)
        self._write(self._back, "share", np.float32(self._share))
        c.enable(gl.DEPTH_TEST)
        self._shadow.use()
        self._shadow.clear()
        self._silhouette.render()
        self._drawn.use()
        self._drawn.clear()
        c.disable(gl.DEPTH_TEST)
        self._picture.use(0)
        self._quad.render(gl.TRIANGLE_STRIP)
        c.enable(gl.DEPTH_TEST)
        self._shade.use(0)
        self._noise.use(1)
        for program in (self._place, self._people):
            program["shade"], program["noise"] = 0, 1
        # Half of the triangles face away, and software pays for each.
        c.enable(gl.CULL_FACE)
        self._mesh.render()
        c.disable(gl.CULL_FACE)
        self._scenery.render()
        c.copy_framebuffer(self._plain, self._drawn)
        wide, high = self.size
        raw = np.frombuffer(self._plain.read(components=3, alignment=1), np.uint8)
        return raw.reshape(high, wide, 3)[::-1]

    def close(self) -> None:
        """Give the memory of the pictures back."""
        self._context.release()


def _view(camera: Camera, target: Array, size: tuple[int, int]) -> tuple[Array, Array]:
    """Return the projection of OpenGL that agrees with `Camera.project`, and where the lens is."""
    axes, yaw = camera.axes(), np.radians(camera.yaw_deg)
    lens = target + camera.distance_m * np.array([np.sin(yaw), 0.0, np.cos(yaw)])
    lens[1] = camera.height_m
    wide, high = size
    look = np.eye(4)
    look[:3, :3] = axes * [[1], [-1], [-1]]
    look[:3, 3] = -look[:3, :3] @ lens
    deep = _FAR_M - _NEAR_M
    project = np.zeros((4, 4))
    project[0, 0], project[1, 1] = 2 * camera.focal_px / wide, 2 * camera.focal_px / high
    project[2, 2:] = -(_FAR_M + _NEAR_M) / deep, -2 * _FAR_M * _NEAR_M / deep
    project[3, 2] = -1
    return project @ look, lens


def _light(sun: Array, target: Array) -> Array:
    """Return the projection along the light, around the runner."""
    across = np.cross([1.0, 0.0, 0.0], sun)
    across /= np.linalg.norm(across)
    look = np.eye(4)
    look[:3, :3] = np.stack([across, np.cross(sun, across), sun])
    look[:3, 3] = -look[:3, :3] @ np.array([target[0], 0.9, target[2]])
    return np.diag([1 / _SHADOW_M, 1 / _SHADOW_M, -1 / 4.0, 1.0]) @ look


def _noise_volume() -> NDArray[np.uint8]:
    """Smooth noise that repeats, with its gradient: what wrinkles and prints are made of."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(
        np.random.default_rng(5).standard_normal((64, 64, 64)), 2.0, mode="wrap"
    )
    noise /= noise.std()
    slope = np.stack([np.roll(noise, -1, a) - np.roll(noise, 1, a) for a in (2, 1, 0)], axis=-1)
    slope /= slope.std()
    volume = np.concatenate([0.5 + 0.16 * noise[..., None], 0.5 + 0.16 * slope], axis=-1)
    return (255 * np.clip(volume, 0, 1)).astype(np.uint8)


def expose(pictures: Sequence[Picture], grain: float, rng: np.random.Generator) -> Picture:
    """Average what falls into one exposure, and add the sensor's noise (in grey levels)."""
    if len(pictures) == 1:
        total = pictures[0].astype(np.float32)
    else:
        total = np.mean(pictures, axis=0, dtype=np.float32)
    # Drawn for half of the rows and turned over for the rest: noise is most of the work here.
    high, wide = total.shape[:2]
    noise = rng.standard_normal((-(-high // 2), wide, 1), dtype=np.float32)
    total += grain * np.concatenate([noise, noise[::-1, ::-1]])[:high]
    return np.clip(total, 0, 255).astype(np.uint8)

// @ts-check
/** The body, drawn on a canvas. */

const SIDES = ["left", "right"];
const LIMBS = [["shoulder", "hip"], ["shoulder", "elbow"], ["elbow", "wrist"], ["hip", "knee"],
  ["knee", "ankle"], ["ankle", "heel"], ["heel", "big_toe"], ["ankle", "big_toe"]];
const ACROSS = ["shoulder", "hip"];

/** @param {string} name a colour of the style sheet */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * Draw a body.
 * @param {HTMLCanvasElement} canvas
 * @param {string[]} keypoints
 * @param {Float32Array} rows x, y, confidence of each point
 * @param {{x: number, y: number, width: number, height: number}} box what of the picture is shown
 */
export function drawBody(canvas, keypoints, rows, box) {
  const pixels = window.devicePixelRatio || 1;
  const { clientWidth, clientHeight } = canvas;
  if (canvas.width !== Math.round(clientWidth * pixels)) canvas.width = Math.round(clientWidth * pixels);
  if (canvas.height !== Math.round(clientHeight * pixels)) canvas.height = Math.round(clientHeight * pixels);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const scale = Math.min(canvas.width / box.width, canvas.height / box.height);
  const left = (canvas.width - scale * box.width) / 2, top = (canvas.height - scale * box.height) / 2;
  /** @param {string} name @returns {[number, number] | null} */
  const at = (name) => {
    const k = keypoints.indexOf(name);
    if (k < 0 || !(rows[3 * k + 2] >= 0.3)) return null;
    return [left + scale * (rows[3 * k] - box.x), top + scale * (rows[3 * k + 1] - box.y)];
  };
  /** @param {string} a @param {string} b @param {string} name @param {number} width */
  const line = (a, b, name, width) => {
    const from = at(a), to = at(b);
    if (!from || !to) return;
    context.strokeStyle = colour(name);
    context.lineWidth = width * pixels;
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(to[0], to[1]);
    context.stroke();
  };
  context.lineCap = "round";
  ACROSS.forEach((part) => line(`left_${part}`, `right_${part}`, "--soft", 3));
  SIDES.forEach((side) => LIMBS.forEach(([a, b]) => line(`${side}_${a}`, `${side}_${b}`, `--${side}`, 4)));
  const nose = at("nose");
  if (nose) {
    context.fillStyle = colour("--soft");
    context.beginPath();
    context.arc(nose[0], nose[1], 5 * pixels, 0, 7);
    context.fill();
  }
}

/** What of the picture a run fills, with some air. @param {{rows: Float32Array}[]} frames */
export function bounds(frames) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { rows } of frames) {
    for (let i = 0; i < rows.length; i += 3) {
      if (!(rows[i + 2] >= 0.3)) continue;
      x0 = Math.min(x0, rows[i]); x1 = Math.max(x1, rows[i]);
      y0 = Math.min(y0, rows[i + 1]); y1 = Math.max(y1, rows[i + 1]);
    }
  }
  if (!(x1 > x0)) return { x: 0, y: 0, width: 1, height: 1 };
  const air = 0.06 * Math.max(x1 - x0, y1 - y0);
  return { x: x0 - air, y: y0 - air, width: x1 - x0 + 2 * air, height: y1 - y0 + 2 * air };
}

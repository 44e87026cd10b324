// @ts-check
/** Names, units and plain-language help of what is shown. */

/** @typedef {{name: string, help: string, digits?: number, big?: boolean}} Tile */

/** In the order shown. @type {Record<string, Tile>} */
export const TILES = {
  cadence: { name: "Cadence", help: "How many steps you take in a minute, both feet counted. It rises with speed.", big: true },
  ground_contact_time: { name: "Contact time", help: "How long a foot stays on the ground at each step. It gets shorter as you run faster.", big: true },
  flight_time: { name: "Flight time", help: "The time from one foot leaving the ground to the other landing." },
  vertical_oscillation: { name: "Bounce", help: "How far your hips rise and fall with each step." },
  overstride: { name: "Landing ahead", help: "How far the ankle is in front of the hip as the foot lands. Less brakes you less." },
  shank_ic: { name: "Shin at landing", help: "How far the shin leans back from upright as the foot lands; more means a longer reach." },
  knee_flex_ic: { name: "Knee at landing", help: "How much the knee is bent as the foot lands." },
  trunk_lean: { name: "Trunk lean", help: "How far your trunk leans forward." },
  contralateral_pelvic_drop: { name: "Hip drop", help: "How far the free hip sinks while you stand on the other leg." },
  step_width: { name: "Step width", help: "How far apart the feet land, seen from behind." },
  peak_vertical_force: { name: "Peak force", help: "The largest push of the ground against a foot, in body weights, estimated from the movement." },
  duty_factor: { name: "Duty factor", help: "The share of a stride that one foot is on the ground. Below half, there is flight." },
};

/** Factor, name and digits of a unit. @type {Record<string, [number, string, number]>} */
const PLAIN = {
  s: [1000, "ms", 0], deg: [1, "°", 0], "1/min": [1, "steps/min", 0], m: [100, "cm", 1],
  L: [100, "% of leg", 0], "%": [1, "%", 1], "1": [1, "", 2], BW: [1, "body weights", 1],
  "m/s": [1, "m/s", 1], "BW/s": [1, "body weights/s", 0], "kN/m": [1, "kN/m", 1],
};
/** @type {Record<string, [number, string, number]>} */
const IMPERIAL = { m: [39.3701, "in", 1], "m/s": [2.23694, "mph", 1] };

/**
 * Say a value in the units asked for.
 * @param {number} value @param {string} unit @param {boolean} imperial
 * @returns {{text: string, unit: string}}
 */
export function say(value, unit, imperial) {
  /** @type {[number, string, number]} */
  const [factor, name, digits] = (imperial && IMPERIAL[unit]) || PLAIN[unit] || [1, unit, 2];
  return { text: (value * factor).toFixed(digits).replace("-", "−"), unit: name };
}

/** Phases of a training in words. @type {Record<import("./messages.js").Phase, string>} */
export const PHASES = {
  waiting: "Waiting for somebody to run.",
  warm_up: "Warm-up",
  running: "Running",
  suspended: "Feedback is suspended.",
};

// @ts-check
/** Contact bars and the trace of the ground force, scrolling by. */

/** @import {Trace} from "./messages.js" */
import uPlot from "./vendor/uPlot.esm.js";
import { colour } from "./skeleton.js";

/** Seconds shown, and points kept. */
const SHOWN_S = 4;

/** The last seconds of the traces that the server sends. */
export class History {
  constructor() {
    /** @type {number[]} */
    this.time = [];
    /** Forces; null where they are not known. @type {(number | null)[]} */
    this.left = [];
    /** @type {(number | null)[]} */
    this.right = [];
    /** Which foot is on the ground. @type {(number | null)[]} */
    this.onLeft = [];
    /** @type {(number | null)[]} */
    this.onRight = [];
  }

  clear() {
    for (const list of [this.time, this.left, this.right, this.onLeft, this.onRight]) list.length = 0;
  }

  /** @param {Trace} trace */
  add(trace) {
    if (this.time.length && trace.time_s[0] < this.time[this.time.length - 1]) this.clear();
    this.time.push(...trace.time_s);
    this.left.push(...trace.force_left); this.right.push(...trace.force_right);
    this.onLeft.push(...trace.contact_left); this.onRight.push(...trace.contact_right);
    const old = this.time.findIndex((t) => t >= this.time[this.time.length - 1] - SHOWN_S - 0.5);
    for (const list of [this.time, this.left, this.right, this.onLeft, this.onRight]) list.splice(0, old);
  }

  get now() { return this.time.length ? this.time[this.time.length - 1] : 0; }
}

/** Draw which foot is on the ground when. @param {HTMLCanvasElement} canvas @param {History} history */
export function drawBars(canvas, history) {
  const pixels = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * pixels);
  canvas.height = Math.round(canvas.clientHeight * pixels);
  const context = canvas.getContext("2d");
  if (!context) return;
  /** @param {number} t */
  const x = (t) => canvas.width * (1 - (history.now - t) / SHOWN_S);
  const height = canvas.height / 2;
  /** @type {[string, (number | null)[], number][]} */
  const feet = [["--left", history.onLeft, 0], ["--right", history.onRight, height]];
  feet.forEach(([name, on, top]) => {
    context.fillStyle = colour("--line");
    context.fillRect(0, top + height - 2 * pixels, canvas.width, pixels);
    context.fillStyle = colour(name);
    history.time.forEach((t, i) => {
      if ((on[i] ?? 0) > 0.5) context.fillRect(x(t), top + 5 * pixels, x(t + 1 / 60) - x(t) + 1, height - 10 * pixels);
    });
  });
}

/** The chart of the vertical ground force. */
export class ForceChart {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.end = 0;
    const axis = { stroke: () => colour("--soft"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } };
    this.plot = new uPlot({
      width: place.clientWidth || 300, height: 150, legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false }, y: { range: [-0.2, 3.2] } },
      axes: [{ ...axis, splits: () => [-4, -3, -2, -1, 0].map((t) => this.end + t), values: (_, ticks) => ticks.map((t) => `${Math.round(t - this.end)} s`) }, { ...axis, size: 34 }],
      series: [{}, { stroke: () => colour("--left"), width: 2 }, { stroke: () => colour("--right"), width: 2 }],
    }, [[], [], []], place);
    this.resize = new ResizeObserver(() => this.plot.setSize({ width: place.clientWidth, height: 150 }));
    this.resize.observe(place);
  }

  /** @param {History} history */
  draw(history) {
    this.end = history.now;
    this.plot.batch(() => {
      this.plot.setData([history.time, history.left, history.right], false);
      this.plot.setScale("x", { min: history.now - SHOWN_S, max: history.now });
    });
  }

  destroy() { this.resize.disconnect(); this.plot.destroy(); }
}

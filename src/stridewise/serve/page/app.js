// @ts-check
/** The page: where frames come from, what is shown, what is kept. */

import { html, render, useEffect, useRef, useState } from "./vendor/htm-preact.js";
import { Camera, advice } from "./camera.js";
import { ForceChart, History, drawBars } from "./charts.js";
import { bounds, drawBody } from "./skeleton.js";
import { Connection, address, ask, pack, unpack } from "./socket.js";
import { Sound } from "./sound.js";
import { PHASES, TILES, say } from "./words.js";

/**
 * @import {Average, Comparison, Cue, Heard, Hello, Session, State, Target, Update, Value} from "./messages.js"
 * @typedef {{stop: () => void}} Source what gives frames until it is stopped
 * @typedef {{time_s: number, rows: Float32Array, bytes: Uint8Array<ArrayBuffer>}} Played a frame of a file
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{received: number, dropped: number}} Counts
 * @typedef {Counts & {values: Average[], session: string | null}} Ended
 */

/** @param {string} name @param {string} otherwise */
const kept = (name, otherwise) => localStorage.getItem(`stridewise.${name}`) ?? otherwise;
/** @param {string} name @param {string | boolean} value */
const keep = (name, value) => localStorage.setItem(`stridewise.${name}`, String(value));
/** What went wrong, in words. @param {unknown} error */
const words = (error) => (error instanceof Error ? error.message : String(error));
/** Takes what was typed or chosen in a field. @param {(value: string) => void} take */
const typed = (take) => (/** @type {{target: HTMLInputElement}} */ event) => take(event.target.value);
/** Takes whether a box is ticked. @param {(on: boolean) => void} take */
const ticked = (take) => (/** @type {{target: HTMLInputElement}} */ event) => take(event.target.checked);

/** One training, from the first frame to the summary; calls `changed` when there is something new. */
class Training {
  /** @param {Hello} hello @param {boolean} live whether frames come as they are taken @param {() => void} changed */
  constructor(hello, live, changed) {
    this.live = live;
    this.history = new History();
    /** By metric and side. @type {Map<string, Value>} */
    this.values = new Map();
    /** @type {string[]} */
    this.notices = [];
    /** @type {string[]} */
    this.advice = [];
    /** @type {Pick<State, "phase" | "reason">} */
    this.phase = { phase: "waiting", reason: "" };
    /** @type {Cue | null} */
    this.cue = null;
    /** @type {Target | null} */
    this.target = null;
    /** @type {number[]} */
    this.delays = [];
    /** @type {Counts} */
    this.counts = { received: 0, dropped: 0 };
    this.problem = "";
    /** @type {Ended | null} */
    this.summary = null;
    this.sound = new Sound();
    /** The newest frame, and what of the picture is shown. @type {Float32Array | null} */
    this.rows = null;
    /** @type {Box | null} */
    this.box = null;
    /** @type {Source | null} */
    this.source = null;
    /** @type {HTMLVideoElement | null} */
    this.video = null;
    /** The stored session that is played. @type {string | null} */
    this.of = null;
    this.changed = changed;
    this.keypoints = hello.keypoints;
    this.connection = new Connection(hello, (message) => this.hear(message));
  }

  /** @param {Heard} message */
  hear(message) {
    if (message.type === "updates") {
      this.counts = message;
      if (this.live) {
        this.delays.push(performance.now() / 1000 - message.time_s);
        if (this.delays.length > 60) this.delays.shift();
      }
      message.updates.forEach((update) => this.take(update));
      this.problem = "";
    } else if (message.type === "error") this.problem = message.message;
    else if (message.type === "lost") this.problem = "The connection was lost; trying again.";
    else if (message.type === "welcome") this.problem = "";
    else if (message.type === "summary") this.summary = message;
    else if (message.type === "closed") this.summary = this.summary ?? { values: [], session: null, ...this.counts };
    this.changed();
  }

  /** @param {Update} update */
  take(update) {
    if (update.type === "trace") this.history.add(update);
    else if (update.type === "values") update.values.forEach((v) => this.values.set(`${v.id} ${v.side}`, v));
    else if (update.type === "state") this.phase = update;
    else if (update.type === "notice") this.notices = [update.text, ...this.notices.filter((t) => t !== update.text)].slice(0, 4);
    else if (update.type === "cue") { this.cue = update; this.sound.say(update.text); }
    else if (update.type === "target") { this.target = update; this.sound.follow(update); }
  }

  /** From camera or socket to the tile, in milliseconds: median of the last answers. */
  get delay() {
    const sorted = [...this.delays].sort((a, b) => a - b);
    return sorted.length ? 1000 * sorted[sorted.length >> 1] : null;
  }

  /** @param {number} time_s @param {Float32Array} rows @param {Uint8Array<ArrayBuffer> | null} bytes the same, packed */
  frame(time_s, rows, bytes) {
    this.rows = rows;
    this.connection.send(bytes ?? pack(time_s, rows));
  }

  stop() {
    this.source?.stop();
    this.sound.stop();
    this.connection.stop();
  }
}

/** Play frames at their own speed. */
class Playback {
  /** @param {Played[]} frames @param {(frame: Played) => void} play @param {() => void} ended */
  constructor(frames, play, ended) {
    this.running = true;
    /** @type {number | undefined} */
    this.timer = undefined;
    let next = 0;
    const begun = performance.now();
    const tick = () => {
      if (!this.running) return;
      const due = frames[0].time_s + (performance.now() - begun) / 1000;
      while (next < frames.length && frames[next].time_s <= due) play(frames[next++]);
      if (next < frames.length) this.timer = setTimeout(tick, 8);
      else ended();
    };
    tick();
  }

  stop() { this.running = false; clearTimeout(this.timer); }
}

function App() {
  const [, redraw] = useState(0);
  const training = useRef(/** @type {Training | null} */ (null));
  const [busy, setBusy] = useState("");
  const [problem, setProblem] = useState("");
  const [imperial, setImperial] = useState(kept("imperial", "false") === "true");
  const [spoken, setSpoken] = useState(kept("spoken", "true") === "true");
  const [settings, setSettings] = useState({ facing: "environment", cadence: "", height: kept("height", ""), pain: false });
  const [file, setFile] = useState(/** @type {(Session & {played: Played[]}) | null} */ (null));
  const [sessions, setSessions] = useState(/** @type {Session[]} */ ([]));
  const [report, setReport] = useState(/** @type {string | null} */ (null));
  const pending = useRef(false);

  const changed = () => {
    if (pending.current) return;
    pending.current = true;
    setTimeout(() => { pending.current = false; redraw((n) => n + 1); }, 50);
  };
  const list = () => ask("/api/sessions").then((a) => a.json()).then(setSessions).catch((e) => setProblem(words(e)));
  useEffect(() => { list(); }, []);

  /** @param {string[]} keypoints @param {string} name @param {string} source @param {boolean} store @returns {Hello} */
  const hello = (keypoints, name, source, store) => ({
    keypoints, name, source, keep: store,
    context: settings.height ? { height_m: Number(settings.height) * (imperial ? 0.0254 : 0.01) } : {},
    feedback: { in_pain: settings.pain, ...(settings.cadence ? { cadence_up: Number(settings.cadence) } : {}) },
  });
  /** @param {Hello} greeting @param {boolean} live */
  const begin = (greeting, live) => {
    training.current?.stop();
    setProblem(""); setReport(null);
    const it = new Training(greeting, live, changed);
    it.sound.spoken = spoken;
    it.sound.wake();
    training.current = it;
    changed();
    return it;
  };

  const useCamera = async () => {
    setBusy("Starting camera and pose model …");
    const camera = new Camera();
    const it = begin(hello(camera.keypoints, "", "camera", true), true);
    it.source = camera;
    it.video = camera.video;
    let last = 0, fps = 0, since = 0;
    try {
      await camera.start(settings.facing === "user" ? "user" : "environment", (time_s, rows, video) => {
        if (last) fps = fps ? 0.95 * fps + 0.05 / (time_s - last) : 1 / (time_s - last);
        last = time_s;
        it.box = { x: 0, y: 0, width: video.videoWidth, height: video.videoHeight };
        it.frame(time_s, rows, null);
        if (time_s - since > 2) {
          // Measured over two seconds, so that the first slow pictures do not count.
          it.advice = since ? advice(camera.keypoints, rows, video.videoHeight, fps) : [];
          since = time_s;
          changed();
        }
      });
    } catch (error) {
      it.stop();
      training.current = null;
      setProblem(error instanceof DOMException && error.name === "NotAllowedError" ? "The camera was not allowed." : `The camera cannot be used: ${words(error)}`);
    }
    setBusy("");
  };

  /** @param {File | undefined} chosen */
  const upload = async (chosen) => {
    if (!chosen) return;
    setBusy(`Reading ${chosen.name} …`); setProblem("");
    try {
      const answer = await ask(`/api/files?name=${encodeURIComponent(chosen.name)}`, { method: "POST", body: chosen });
      const session = await answer.json();
      const data = await (await ask(`/api/sessions/${session.id}/frames`)).arrayBuffer();
      setFile({ ...session, played: unpack(data, session.keypoints.length) });
      list();
    } catch (error) { setProblem(words(error)); }
    setBusy("");
  };
  const play = () => {
    if (!file) return;
    const it = begin(hello(file.keypoints, file.name, "replay", false), false);
    it.of = file.id;
    it.box = bounds(file.played);
    // The connection must stand before the first frame: nothing is queued.
    const wait = setInterval(() => {
      if (!it.connection.ready) return;
      clearInterval(wait);
      it.source = new Playback(file.played, (f) => it.frame(f.time_s, f.rows, f.bytes), () => stop());
    }, 20);
    it.source = { stop: () => clearInterval(wait) };
  };
  const stop = () => { training.current?.stop(); changed(); setTimeout(list, 1000); };
  /** @param {string} id */
  const show = (id) => { training.current?.stop(); training.current = null; setReport(id); };
  const it = training.current;
  const going = it && !it.summary;
  /** @param {keyof typeof settings} name */
  const set = (name) => (/** @type {string | boolean} */ value) => setSettings({ ...settings, [name]: value });

  return html`<main>
    <header>
      <h1>stridewise live</h1>
      <div class="row">
        <label><input type="checkbox" checked=${imperial} onChange=${ticked((on) => { setImperial(on); keep("imperial", on); })} /> imperial units</label>
        <label><input type="checkbox" checked=${spoken} onChange=${ticked((on) => { setSpoken(on); keep("spoken", on); if (it) it.sound.spoken = on; })} /> speak the cues</label>
      </div>
    </header>
    <section aria-label="Source">
      <div class="row">
        ${going
          ? html`<button class="main" onClick=${stop}>Stop</button>`
          : html`<button class="main" onClick=${useCamera} disabled=${!!busy}>Start the camera</button>
            <${FileChoice} upload=${upload} />
            ${file && html`<button onClick=${play}>Play ${file.name}</button><button onClick=${() => show(file.id)}>Analyse it at once</button>`}`}
        <span class="status" role="status">${busy}</span>
      </div>
      ${!going && html`<div class="fields">
        <label>Camera <select value=${settings.facing} onChange=${typed(set("facing"))}><option value="environment">back</option><option value="user">front</option></select></label>
        <label>Height <input type="number" min="1" value=${settings.height} onInput=${typed((value) => { set("height")(value); keep("height", value); })} /> ${imperial ? "in" : "cm"}</label>
        <label>Aim <select value=${settings.cadence} onChange=${typed(set("cadence"))}><option value="">running form</option><option value="0.05">cadence +5 %</option><option value="0.1">cadence +10 %</option></select></label>
        <label><input type="checkbox" checked=${settings.pain} onChange=${ticked(set("pain"))} /> I have pain today</label>
      </div>`}
      ${settings.pain && html`<p class="status">No cues are given to a runner in pain: have it looked at by a physiotherapist or doctor.</p>`}
      ${(problem || it?.problem) && html`<p class="error" role="alert">${problem || it?.problem}</p>`}
    </section>
    ${it && html`<${Live} it=${it} imperial=${imperial} />`}
    ${it?.summary && html`<${Summary} it=${it} imperial=${imperial} show=${show} />`}
    ${report && html`<section><div class="row"><h2>Report</h2><a class="button" href=${address(`/api/sessions/${report}/report`)} download="report.html">Keep the report</a><button onClick=${() => setReport(null)}>Close</button></div>
      <iframe title="Report of the session" sandbox="allow-same-origin" src=${address(`/api/sessions/${report}/report`)}></iframe></section>`}
    ${!going && html`<${Sessions} sessions=${sessions} list=${list} show=${show} imperial=${imperial} fail=${setProblem} />`}
  </main>`;
}

/** @param {{upload: (chosen: File | undefined) => void}} props */
function FileChoice({ upload }) {
  const [over, setOver] = useState(false);
  return html`<div class=${`drop row ${over ? "over" : ""}`}
    onDragOver=${(/** @type {DragEvent} */ e) => { e.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
    onDrop=${(/** @type {DragEvent} */ e) => { e.preventDefault(); setOver(false); upload(e.dataTransfer?.files[0]); }}>
    <input class="hidden-input" type="file" id="file" onChange=${(/** @type {{target: HTMLInputElement}} */ e) => upload(e.target.files?.[0])} />
    <label class="button" for="file">Choose a file</label><span>or drop one here</span>
  </div>`;
}

/** @param {{it: Training, imperial: boolean}} props */
function Live({ it, imperial }) {
  const body = useRef(/** @type {HTMLCanvasElement | null} */ (null)), bars = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const stage = useRef(/** @type {HTMLElement | null} */ (null)), force = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (!force.current) return undefined;
    const chart = new ForceChart(force.current);
    if (it.video) stage.current?.prepend(it.video);
    let request = 0;
    const draw = () => {
      if (it.rows && it.box && body.current) drawBody(body.current, it.keypoints, it.rows, it.box);
      if (bars.current) drawBars(bars.current, it.history);
      chart.draw(it.history);
      request = requestAnimationFrame(draw);
    };
    draw();
    return () => { cancelAnimationFrame(request); chart.destroy(); it.video?.remove(); };
  }, [it]);
  const form = it.cue?.kind === "correct" ? it.cue.why : "";
  return html`<section aria-label="Feedback">
      <p class="cue" role="status" aria-live="polite">${it.cue?.text ?? PHASES[it.phase.phase]}
        <small>${it.cue && it.phase.phase === "running" ? it.cue.why : it.phase.reason}</small></p>
      ${it.target && html`<p class="status">Target ${it.target.goal.toFixed(0)} steps/min (${it.target.low.toFixed(0)} to ${it.target.high.toFixed(0)}); your own was ${it.target.baseline.toFixed(0)}. ${it.target.in_band ? "You are in the band." : "You are outside the band."}</p>`}
      ${[...it.advice, ...it.notices].length > 0 && html`<ul class="notices" aria-label="Advice on the picture">${[...new Set([...it.advice, ...it.notices])].map((text) => html`<li key=${text}>${text}</li>`)}</ul>`}
    </section>
    <div class="live">
      <section aria-label="Picture">
        <div class="stage" ref=${stage}><canvas ref=${body} role="img" aria-label="The runner's body as lines"></canvas></div>
        <p class="status">${it.counts.received} pictures${it.counts.dropped + it.connection.dropped ? `, ${it.counts.dropped + it.connection.dropped} left out` : ""}${it.delay !== null ? ` · ${it.delay.toFixed(0)} ms from picture to number` : ""}</p>
      </section>
      <div class="live-side">
        <section aria-label="Numbers"><dl class="tiles">
          ${Object.keys(TILES).map((id) => html`<${Tile} key=${id} id=${id} values=${it.values} imperial=${imperial} />`)}
          <div class=${`tile ${form ? "out" : it.phase.phase === "running" ? "in" : ""}`}><dt>Form</dt><dd>${form || (it.phase.phase === "running" ? "Nothing to change" : "Not judged yet")}</dd></div>
        </dl></section>
        <section aria-label="Contact and force">
          <h2>On the ground: <span class="left-foot">left</span>, <span class="right-foot">right</span></h2>
          <canvas class="bars" ref=${bars} role="img" aria-label="When each foot was on the ground in the last seconds"></canvas>
          <h2>Push of the ground, body weights</h2><div ref=${force} role="img" aria-label="Ground force of both feet in the last seconds"></div>
        </section>
      </div>
    </div>`;
}

/**
 * A number with its band and its help; the mean of both sides, each side below.
 * @param {{id: string, values: Map<string, Value>, imperial: boolean}} props
 */
function Tile({ id, values, imperial }) {
  const [open, setOpen] = useState(false);
  const { name, help, big } = TILES[id];
  const found = ["both", "left", "right"].flatMap((side) => values.get(`${id} ${side}`) ?? []);
  if (!found.length) return null;
  const mean = found.reduce((sum, v) => sum + v.value, 0) / found.length;
  const { low, high, unit } = found[0];
  const banded = low !== null && high !== null;
  const told = say(mean, unit, imperial);
  const sides = found.length > 1 ? found.map((v) => `${v.side} ${say(v.value, unit, imperial).text}`).join(", ") : "";
  const state = banded ? (mean < low || mean > high ? "out" : "in") : "";
  return html`<div class=${`tile ${big ? "big" : ""} ${state}`}>
    <dt>${name}</dt>
    <button class="help" aria-expanded=${open} aria-label=${`What is ${name.toLowerCase()}?`} onClick=${() => setOpen(!open)}>?</button>
    <dd><span class="number">${told.text}</span> <span class="unit">${told.unit}</span>
      <div class="band">${sides}</div>
      ${banded && html`<div class="band">${state === "out" ? "outside" : "within"} the usual ${say(low, unit, imperial).text} to ${say(high, unit, imperial).text}</div>`}</dd>
    ${open && html`<p>${help}</p>`}
  </div>`;
}

/** @param {{it: Training, imperial: boolean, show: (id: string) => void}} props */
function Summary({ it, imperial, show }) {
  if (!it.summary) return null;
  const { values, received, dropped, session } = it.summary;
  const id = it.of ?? session;
  return html`<section aria-label="Summary"><h2>Summary</h2>
    <p>${received} pictures, ${dropped} left out.</p>
    <div class="scroll"><table><thead><tr><th>What</th><th>Side</th><th class="n">Value</th><th class="n">Steps</th></tr></thead>
      <tbody>${values.filter((v) => TILES[v.id]).map((v) => { const told = say(v.value, v.unit, imperial); return html`<tr key=${v.id + v.side}><td>${TILES[v.id].name}</td><td>${v.side}</td><td class="n">${told.text} ${told.unit}</td><td class="n">${v.n}</td></tr>`; })}</tbody></table></div>
    ${id && !id.startsWith("not kept") && html`<p><button class="main" onClick=${() => show(id)}>Show the report</button></p>`}
  </section>`;
}

/** @param {{sessions: Session[], list: () => void, show: (id: string) => void, imperial: boolean, fail: (words: string) => void}} props */
function Sessions({ sessions, list, show, imperial, fail }) {
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  const [compared, setCompared] = useState(/** @type {Comparison | null} */ (null));
  /** @param {() => Promise<unknown>} work */
  const attempt = (work) => work().catch((e) => fail(words(e)));
  /** @param {Session} s */
  const rename = (s) => { const name = prompt("Name of the session", s.name); if (name) attempt(() => ask(`/api/sessions/${s.id}`, { method: "PATCH", body: JSON.stringify({ name }) }).then(list)); };
  /** @param {Session} s */
  const remove = (s) => { if (confirm(`Delete "${s.name}" and everything of it?`)) attempt(() => ask(`/api/sessions/${s.id}`, { method: "DELETE" }).then(list)); };
  const compare = () => attempt(async () => setCompared(await (await ask(`/api/compare?session=${chosen[0]}&session=${chosen[1]}`)).json()));
  /** @param {string} id */
  const choose = (id) => { setCompared(null); setChosen(chosen.includes(id) ? chosen.filter((c) => c !== id) : [...chosen, id].slice(-2)); };
  if (!sessions.length) return null;
  return html`<section aria-label="Sessions"><h2>Sessions</h2>
    <div class="scroll"><table><thead><tr><th>Compare</th><th>Name</th><th>When</th><th class="n">Pictures</th><th></th></tr></thead>
      <tbody>${sessions.map((s) => html`<tr key=${s.id}>
        <td><input type="checkbox" aria-label=${`Compare ${s.name}`} checked=${chosen.includes(s.id)} onChange=${() => choose(s.id)} /></td>
        <td>${s.name}</td><td>${new Date(1000 * s.created_s).toLocaleString()}</td><td class="n">${s.frames}</td>
        <td><div class="row"><button onClick=${() => show(s.id)}>Report</button><button onClick=${() => rename(s)}>Name</button><button onClick=${() => remove(s)}>Delete</button></div></td></tr>`)}</tbody></table></div>
    ${chosen.length === 2 && html`<p><button onClick=${compare}>Compare the two chosen</button></p>`}
    ${compared && (compared.metrics.length ? html`<div class="scroll"><table><thead><tr><th>What</th><th>Side</th>${compared.sessions.map((s) => html`<th class="n">${s.name}</th>`)}<th>Change</th></tr></thead>
      <tbody>${compared.metrics.map((m) => html`<tr key=${m.id + m.side}><td>${m.name}</td><td>${m.side}</td>${m.values.map((v) => html`<td class="n">${say(v, m.unit, imperial).text} ${say(v, m.unit, imperial).unit}</td>`)}<td>${m.more_than_error === null ? "" : m.more_than_error ? "more than error" : "within error"}</td></tr>`)}</tbody></table></div>`
      : html`<p>Open the reports of both first: they make the numbers to compare.</p>`)}
  </section>`;
}

const place = document.getElementById("app");
if (place) { place.textContent = ""; render(html`<${App} />`, place); }

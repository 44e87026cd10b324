// @ts-check
/** The connection to the server: protocol stridewise.live/1 (docs/live.md). */

/** @import {Heard, Hello, ServerMessage} from "./messages.js" */

const token = new URLSearchParams(location.hash.slice(1)).get("token");

/** Add the token to an address. @param {string} path */
export function address(path) {
  return token ? `${path}${path.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}` : path;
}

/** Ask the server; an error carries its words. @param {string} path @param {RequestInit} [options] */
export async function ask(path, options = {}) {
  /** @type {Record<string, string>} */
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(path, { ...options, headers });
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Error(told.error || `The server answers ${answer.status}.`);
  }
  return answer;
}

/** More than this waiting in the browser, in bytes, and new frames are left out. */
const MOST_WAITING = 64 * 1024;

export class Connection {
  /**
   * @param {Hello} hello first message without its type
   * @param {(message: Heard) => void} heard called with every message of the server
   */
  constructor(hello, heard) {
    this.hello = hello;
    this.heard = heard;
    /** @type {string | null} */
    this.session = null;
    this.ready = false;
    this.stopped = false;
    this.done = false;
    /** Frames left out here, because the connection is too slow or gone. */
    this.dropped = 0;
    this.wait = 250;
    this.socket = this.open();
  }

  open() {
    const url = new URL(address("/api/live"), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = "";
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ...this.hello, session: this.session }));
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = () => this.closed();
    return socket;
  }

  /** @param {ServerMessage} message */
  hear(message) {
    if (message.type === "welcome") {
      this.session = message.session;
      this.ready = true;
      this.wait = 250;
      if (this.stopped) this.socket.send('{"type": "stop"}');
    }
    if (message.type === "error" && message.fatal) {
      // A session that is gone for good: begin another one.
      if (this.session && !this.ready) this.session = null;
      else this.stopped = true;
    }
    if (message.type === "summary") this.done = true;
    this.heard(message);
  }

  closed() {
    this.ready = false;
    if (this.done || this.stopped) {
      if (!this.done) this.heard({ type: "closed" });
      return;
    }
    this.heard({ type: "lost" });
    setTimeout(() => { this.socket = this.open(); }, this.wait);
    this.wait = Math.min(this.wait * 2, 4000);
  }

  /** Send a binary frame. @param {ArrayBuffer | Uint8Array<ArrayBuffer>} frame */
  send(frame) {
    if (!this.ready || this.socket.bufferedAmount > MOST_WAITING) this.dropped += 1;
    else this.socket.send(frame);
  }

  stop() {
    this.stopped = true;
    if (this.ready) this.socket.send('{"type": "stop"}');
    else this.closed();
  }
}

/**
 * Put a frame into its binary form: float64 seconds, then float32 x, y, confidence of each point.
 * @param {number} time_s @param {Float32Array} rows
 */
export function pack(time_s, rows) {
  const data = new ArrayBuffer(8 + 4 * rows.length);
  const view = new DataView(data);
  view.setFloat64(0, time_s, true);
  rows.forEach((value, i) => view.setFloat32(8 + 4 * i, value, true));
  return data;
}

/** Read frames laid end to end. @param {ArrayBuffer} data @param {number} points */
export function unpack(data, points) {
  const size = 8 + 12 * points;
  const view = new DataView(data);
  return Array.from({ length: Math.floor(data.byteLength / size) }, (_, k) => ({
    time_s: view.getFloat64(k * size, true),
    bytes: new Uint8Array(data, k * size, size),
    rows: Float32Array.from({ length: 3 * points }, (_, i) => view.getFloat32(k * size + 8 + 4 * i, true)),
  }));
}

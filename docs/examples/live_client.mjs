// Send keypoints to `stridewise serve` as they come, and print what it says.
// Runs in a browser page served by stridewise itself, or in Node 22 or newer:
//   node live_client.mjs ws://127.0.0.1:8765/api/live
const url = globalThis.process?.argv[2] ?? "ws://127.0.0.1:8765/api/live";
const keypoints = ["hip", "knee", "ankle"].flatMap((part) => [`left_${part}`, `right_${part}`]);
const socket = new WebSocket(url);
const fps = 60, frames = 240;

socket.onopen = () => socket.send(JSON.stringify({ type: "hello", keypoints, name: "Example" }));
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === "welcome") run();
  for (const update of message.updates ?? []) {
    if (["event", "cue", "state", "notice"].includes(update.type)) console.log(update);
  }
  if (message.type === "summary") {
    console.log(message);
    socket.close();
  }
};

/** Replace this by your own pose estimator: here legs that swing. */
function run() {
  let i = 0;
  const timer = setInterval(() => {
    const rows = [0, 90, 180].flatMap((length) => [0, Math.PI].flatMap((phase) =>
      [320 + (length * Math.sin(2 * Math.PI * 1.4 * i / fps + phase)) / 2, 200 + length, 1]));
    socket.send(pack(i / fps, rows));
    i += 1;
    if (i === frames) {
      clearInterval(timer);
      socket.send('{"type": "stop"}');
    }
  }, 1000 / fps);
}

/** A binary frame: float64 seconds, then float32 x, y, confidence of each point, little-endian. */
function pack(seconds, rows) {
  const view = new DataView(new ArrayBuffer(8 + 4 * rows.length));
  view.setFloat64(0, seconds, true);
  rows.forEach((value, k) => view.setFloat32(8 + 4 * k, value, true));
  return view.buffer;
}

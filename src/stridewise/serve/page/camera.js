// @ts-check
/** The camera and the pose model: pictures stay here, only points leave. */

const FOLDER = "/page/vendor/tasks-vision";
const PARTS = ["shoulder", "elbow", "wrist"], LEGS = ["hip", "knee", "ankle", "heel", "big_toe"];
/** @param {string} part */
const both = (part) => [`left_${part}`, `right_${part}`];
/** Which landmark of BlazePose is which keypoint. @type {[number, string][]} */
const LANDMARKS = [[0, "nose"], ...numbered(PARTS, 11), ...numbered(LEGS, 23)];

/** @param {string[]} parts @param {number} first @returns {[number, string][]} */
function numbered(parts, first) { return parts.flatMap(both).map((name, i) => [first + i, name]); }

/** @typedef {(time_s: number, rows: Float32Array<ArrayBuffer>, video: HTMLVideoElement) => void} Seen */
/** @typedef {{x: number, y: number, visibility?: number}} Landmark */
/** @typedef {{detectForVideo: (picture: ImageData, time_ms: number) => {landmarks: Landmark[][]}, close: () => void}} PoseModel */

export class Camera {
  constructor() {
    this.keypoints = LANDMARKS.map(([, name]) => name);
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.running = false;
    this.last = 0;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    /** @type {MediaStream | undefined} */
    this.stream = undefined;
    /** @type {PoseModel | undefined} */
    this.model = undefined;
  }

  /**
   * Start camera and model.
   * @param {"environment" | "user"} facing
   * @param {Seen} seen
   */
  async start(facing, seen) {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: facing, width: { ideal: 960 }, height: { ideal: 540 }, frameRate: { ideal: 60 } },
    });
    this.video.srcObject = this.stream;
    await this.video.play();
    this.model = await model();
    this.running = true;
    this.last = 0;
    this.look(seen);
  }

  /** @param {Seen} seen */
  look(seen) {
    if (!this.running) return;
    /** @param {number} now @param {VideoFrameCallbackMetadata | null} about */
    const again = (now, about) => {
      if (!this.running || !this.model || !this.context) return;
      const { videoWidth: width, videoHeight: height } = this.video;
      // When the picture was taken, where the browser knows it; else when it was shown.
      const time = about?.captureTime ?? about?.expectedDisplayTime ?? now;
      if (width && time > this.last) {
        this.last = time;
        this.canvas.width = width;
        this.canvas.height = height;
        this.context.drawImage(this.video, 0, 0);
        const found = this.model.detectForVideo(this.context.getImageData(0, 0, width, height), time);
        seen(time / 1000, rows(found.landmarks[0], width, height), this.video);
      }
      this.look(seen);
    };
    if ("requestVideoFrameCallback" in this.video) this.video.requestVideoFrameCallback(again);
    else requestAnimationFrame((now) => again(now, null));
  }

  stop() {
    this.running = false;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.model?.close();
  }
}

/** Load the pose model. @returns {Promise<PoseModel>} */
async function model() {
  const { PoseLandmarker } = await import(`${FOLDER}/vision_bundle.mjs`);
  const files = { wasmLoaderPath: `${FOLDER}/vision_wasm_internal.js`, wasmBinaryPath: `${FOLDER}/vision_wasm_internal.wasm` };
  /** @param {"GPU" | "CPU"} delegate @returns {Promise<PoseModel>} */
  const make = (delegate) => PoseLandmarker.createFromOptions(files, {
    baseOptions: { modelAssetPath: `${FOLDER}/pose_landmarker_lite.task`, delegate },
    runningMode: "VIDEO", numPoses: 1,
  });
  const gpu = !new URLSearchParams(location.search).has("cpu");
  return gpu ? make("GPU").catch(() => make("CPU")) : make("CPU");
}

/**
 * Points in pixels; NaN throughout when nobody is seen.
 * @param {Landmark[] | undefined} landmarks @param {number} width @param {number} height
 */
function rows(landmarks, width, height) {
  const out = new Float32Array(3 * LANDMARKS.length).fill(NaN);
  LANDMARKS.forEach(([index], k) => {
    const at = landmarks?.[index];
    if (at) out.set([at.x * width, at.y * height, at.visibility ?? 1], 3 * k);
    else out[3 * k + 2] = 0;
  });
  return out;
}

/**
 * What the picture alone tells about how to film better.
 * @param {string[]} keypoints @param {Float32Array} rows @param {number} height @param {number} fps
 */
export function advice(keypoints, rows, height, fps) {
  const told = [];
  /** @param {string} name */
  const y = (name) => { const k = keypoints.indexOf(name); return rows[3 * k + 2] >= 0.3 ? rows[3 * k + 1] : NaN; };
  const feet = ["left_ankle", "right_ankle", "left_big_toe", "right_big_toe"].map(y);
  const seen = [y("left_hip"), y("right_hip")].some((v) => v === v);
  if (!seen) told.push("Nobody is seen: step into the picture.");
  else if (feet.some((v) => v > height) || feet.every((v) => v !== v)) told.push("Step back: the feet are cut off.");
  if (fps && fps < 25) told.push(`${fps.toFixed(0)} pictures a second: too few for contact times.`);
  else if (fps && fps < 48) told.push(`${fps.toFixed(0)} pictures a second: contact time is coarse.`);
  return told;
}

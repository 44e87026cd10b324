// @ts-check
/**
 * Types of what the server sends (docs/live.md); nothing here runs.
 *
 * @typedef {"left" | "right"} Side
 * @typedef {"waiting" | "warm_up" | "running" | "suspended"} Phase
 *
 * @typedef {{type: "event", kind: "initial_contact" | "toe_off", side: Side, time_s: number, sd_s: number, known_s: number}} Contact
 * @typedef {{type: "step", side: Side, time_s: number, values: Record<string, number>}} StepDone
 * @typedef {{type: "stride", side: Side, time_s: number, values: Record<string, number>}} StrideDone
 * @typedef {{id: string, side: Side | "both", value: number, unit: string, n: number, sd: number | null, low: number | null, high: number | null}} Value
 * @typedef {{type: "values", time_s: number, values: Value[]}} Values
 * @typedef {{type: "trace", time_s: number[], contact_left: (number | null)[], contact_right: (number | null)[], force_left: (number | null)[], force_right: (number | null)[]}} Trace
 * @typedef {{type: "state", time_s: number, phase: Phase, reason: string}} State
 * @typedef {{type: "cue", time_s: number, kind: "correct" | "praise" | "target", area: string, text: string, why: string}} Cue
 * @typedef {{type: "target", time_s: number, baseline: number, cadence: number, goal: number, low: number, high: number, in_band: boolean, metronome: boolean}} Target
 * @typedef {{type: "notice", time_s: number, kind: "capture" | "stream", text: string}} Notice
 * @typedef {Contact | StepDone | StrideDone | Values | Trace | State | Cue | Target | Notice} Update
 *
 * @typedef {{type: "welcome", session: string, frame_bytes: number, resumed: boolean, protocol: string}} Welcome
 * @typedef {{type: "updates", updates: Update[], time_s: number, received: number, analysed: number, dropped: number}} Updates
 * @typedef {{type: "error", message: string, fatal: boolean}} Failure
 * @typedef {{id: string, side: Side | "both", value: number, unit: string, n: number}} Average
 * @typedef {{type: "summary", session: string, received: number, dropped: number, counts: Record<string, number>, values: Average[]}} Summary
 * @typedef {Welcome | Updates | Failure | Summary} ServerMessage
 *
 * What the connection itself says.
 * @typedef {ServerMessage | {type: "lost"} | {type: "closed"}} Heard
 *
 * The first message without its type, as the page sends it.
 * @typedef {{keypoints: string[], name: string, source: string, keep: boolean, context: {height_m?: number}, feedback: {in_pain: boolean, cadence_up?: number}}} Hello
 *
 * A stored session, and two compared.
 * @typedef {{id: string, name: string, source: string, created_s: number, ended_s: number | null, frames: number, keypoints: string[]}} Session
 * @typedef {{id: string, side: string, name: string, unit: string, values: number[], more_than_error: boolean | null}} Change
 * @typedef {{sessions: Session[], metrics: Change[]}} Comparison
 */

export {};

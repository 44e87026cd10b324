// @ts-check
/** Cues in a voice, the metronome, and the tone that says "in the band". */

export class Sound {
  constructor() {
    this.spoken = true;
    this.wasIn = false;
    this.goal = 0;
    /** @type {number | undefined} */
    this.beat = undefined;
    /** @type {AudioContext | null} */
    this.context = null;
  }

  /** Must be called from a press of a button: browsers allow sound only then. */
  wake() {
    try {
      this.context = this.context || new AudioContext();
      this.context.resume();
    } catch { this.context = null; }
  }

  /** @param {string} text */
  say(text) {
    if (!this.spoken || !("speechSynthesis" in window)) return;
    speechSynthesis.cancel();
    const words = new SpeechSynthesisUtterance(text);
    words.lang = "en";
    speechSynthesis.speak(words);
  }

  /** A short beep. @param {number} at seconds of the audio clock @param {number} hertz @param {number} lasts */
  beep(at, hertz, lasts) {
    if (!this.context) return;
    const tone = this.context.createOscillator(), level = this.context.createGain();
    tone.frequency.value = hertz;
    level.gain.setValueAtTime(0.2, at);
    level.gain.exponentialRampToValueAtTime(0.001, at + lasts);
    tone.connect(level).connect(this.context.destination);
    tone.start(at);
    tone.stop(at + lasts);
  }

  /** Follow the target mode. @param {{metronome: boolean, goal: number, in_band: boolean}} target */
  follow(target) {
    if (!this.context) return;
    if (target.in_band && !this.wasIn) this.beep(this.context.currentTime, 880, 0.25);
    this.wasIn = target.in_band;
    if (!target.metronome) { this.hush(); return; }
    this.goal = target.goal;
    if (this.beat) return;
    let next = this.context.currentTime + 0.05;
    // Beats are put on the audio clock ahead of time, so that they do not jitter.
    this.beat = setInterval(() => {
      while (this.context && next < this.context.currentTime + 0.3) {
        this.beep(next, 1320, 0.04);
        next += 60 / (this.goal || 170);
      }
    }, 100);
  }

  hush() { clearInterval(this.beat); this.beat = undefined; }

  stop() { this.hush(); if ("speechSynthesis" in window) speechSynthesis.cancel(); }
}

// The film of an execution that has ended: the same changes at the moments at which they came.
const byId = (id) => document.getElementById(id);
const TURN_MS = 50;

export class Film {
  constructor(view, merge, draw) {
    Object.assign(this, { view, merge, draw, frames: null, at: 0, next: 0, timer: 0 });
    byId("m-play").addEventListener("click", () => this.toggle());
    byId("m-moment").addEventListener("input", async (event) => {
      const moment = Number(event.target.value);
      this.stop();
      await this.loaded();
      this.seek(moment);
    });
    byId("m-film").addEventListener("pointerenter", () => this.loaded(), { once: true });
    byId("m-film").addEventListener("focusin", () => this.loaded(), { once: true });
  }

  loaded() {
    this.loading ??= this.load();
    return this.loading;
  }

  async load() {
    const answer = await fetch(this.view.page.ways.film);
    const film = await answer.json();
    this.begun = film.begun;
    this.frames = film.frames;
    this.length = film.frames.at(-1).at_s;
    this.at = this.length;
    byId("m-moment").max = this.length;
    byId("m-moment").value = this.length;
    this.show();
  }

  async toggle() {
    if (this.timer) return this.stop();
    await this.loaded();
    if (this.at >= this.length) this.seek(0);
    let before = performance.now();
    this.timer = setInterval(() => {
      const now = performance.now();
      const speed = Number(byId("m-speed").value);
      this.seek(this.at + ((now - before) / 1000) * speed);
      before = now;
      if (this.at >= this.length) this.stop();
    }, TURN_MS);
    this.show();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.show();
  }

  seek(moment) {
    const at = Math.min(Math.max(0, moment), this.length);
    if (at < this.at || !this.view.film) {
      this.view.state = structuredClone(this.begun);
      this.next = 0;
    }
    this.view.film = true;
    this.at = at;
    const first = this.next;
    while (this.next < this.frames.length && this.frames[this.next].at_s <= at) {
      this.merge(this.view.state, structuredClone(this.frames[this.next].patch));
      this.next += 1;
    }
    this.view.film_at_s = at;
    if (this.next !== first || first === 0) this.draw(this.view);
    else this.draw(this.view, { clock: true });
    this.show();
  }

  show() {
    byId("m-play").textContent = this.timer ? "Pause the film" : "Play the film";
    if (!this.frames) return;
    byId("m-moment").value = this.at;
    byId("m-clock").textContent = `${this.at.toFixed(1)} s of ${this.length.toFixed(1)} s`;
  }
}

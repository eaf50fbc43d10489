// Draws the whole page from its state; what did not change is left alone, so that focus, selection and scrolling stay.
import { asks } from "./live_asks.js";
import { byId, duration, h, lookOf, put, shortened, sure, svg, usd } from "./live_dom.js";
import { panel } from "./live_panel.js";

const MOST_LETTERS = 31;
const ENDED = ["completed", "failed", "skipped", "cancelled"];
let linesDrawn = document.querySelectorAll("#m-lines > li").length;

export function draw(view, { clock = false } = {}) {
  took(view);
  if (clock) return;
  if (!view.picked) follow(view);
  figures(view);
  for (const name of ["wide", "narrow"]) graph(view, name);
  panel(view);
  asks(view);
  texts(view);
  lines(view);
  buttons(view);
}

// What a screen reader is told: changes of states, and nothing while a film is played.
export function said(view, patch) {
  const words = [];
  for (const [key, step] of Object.entries(patch.steps ?? {})) {
    const before = view.state.steps[key];
    if (step.state && before && step.state !== before.state) words.push(`${before.agent}, ${before.purpose}: ${view.page.looks[step.state].word}`);
  }
  const state = patch.execution?.state;
  if (state && state !== view.state.execution.state) words.push(`The execution: ${view.page.looks[state].word}`);
  if (words.length) put("m-said", words.join(". "));
}

// Until somebody picks a step, the panel shows the one that began last.
function follow(view) {
  const running = Object.values(view.state.steps).filter((step) => step.state === "running");
  running.sort((one, other) => (one.started < other.started ? 1 : -1));
  if (running.length) view.chosen = running[0].key;
}

function took(view) {
  const { created, finished } = view.state.execution;
  const begun = Date.parse(created);
  const now = view.film ? begun + view.film_at_s * 1000 : Date.now();
  put("m-took", duration(Math.max(0, (finished ? Date.parse(finished) : now) - begun)));
}

function figures(view) {
  const { execution, steps } = view.state;
  const look = view.page.looks[execution.state];
  byId("m-state").className = `m-badge m-${look.colour}`;
  put("m-state", `${look.mark} ${look.word}`);
  byId("m-paused").hidden = !execution.paused;
  put("m-confidence", sure(execution.confidence));
  put("m-cost", usd(execution.cost_micros));
  byId("m-cost-meter").value = execution.cost_micros;
  put("m-tokens", execution.tokens.toLocaleString("en-US"));
  byId("m-tokens-meter").value = execution.tokens;
  put("m-calls", String(execution.calls));
  const below = execution.with_below;
  byId("m-below-fact").hidden = !below;
  if (below) put("m-below", `${usd(below.cost_micros)}, ${below.tokens.toLocaleString("en-US")} tokens (${below.executions} below)`);
  const all = Object.values(steps);
  put("m-done", `${all.filter((step) => ENDED.includes(step.state)).length} of ${all.length}`);
}

function graph(view, name) {
  const layout = view.state.layouts[name];
  const picture = byId(`m-graph-${name}`);
  if (!picture.nodes) {
    picture.nodes = new Map();
    picture.edges = svg("g");
    picture.replaceChildren(picture.edges);
  }
  const places = layout?.places ?? {};
  for (const [key, group] of picture.nodes) {
    if (!(key in places)) {
      group.remove();
      picture.nodes.delete(key);
    }
  }
  picture.setAttribute("viewBox", `0 0 ${layout?.width || 1} ${layout?.height || 1}`);
  picture.setAttribute("width", layout?.width ?? 0);
  picture.setAttribute("aria-label", `Plan: ${Object.keys(places).length} steps`);
  const steps = view.state.steps;
  picture.edges.replaceChildren(
    ...(layout?.lines ?? []).map((line) =>
      svg("path", { d: line.path, class: ENDED.includes(steps[line.start]?.state) ? "m-edge m-passed-by" : "m-edge" }),
    ),
  );
  for (const [key, place] of Object.entries(places)) node(view, picture, key, place);
}

function node(view, picture, key, [x, y]) {
  const step = view.state.steps[key];
  const look = lookOf(view, step);
  const group = picture.nodes.get(key) ?? newNode(view, picture, key);
  const foot = [step.confidence === null || step.confidence === undefined ? "" : sure(step.confidence)];
  if (step.tokens) foot.push(`${step.tokens.toLocaleString("en-US")} tokens`);
  const [agent, state, purpose, last] = group.querySelectorAll("text");
  agent.textContent = step.agent;
  state.textContent = `${look.mark} ${look.word}`;
  purpose.textContent = shortened(step.purpose, MOST_LETTERS);
  last.textContent = foot.filter(Boolean).join(" · ");
  group.setAttribute("class", `m-node m-${look.colour}`);
  group.setAttribute("transform", `translate(${x} ${y})`);
  group.setAttribute("aria-label", `${step.agent}: ${step.purpose}, ${look.word}`);
  group.setAttribute("aria-pressed", String(view.chosen === key));
}

function newNode(view, picture, key) {
  const [width, height] = view.page.node;
  const choose = () => {
    view.choose(key);
    if (window.matchMedia("(max-width: 1279px)").matches) byId("m-panel").scrollIntoView({ block: "nearest" });
  };
  const group = svg(
    "g",
    {
      "data-key": key, role: "button", tabindex: "0", click: choose,
      keydown: (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      },
    },
    svg("rect", { width, height, rx: 8 }),
    svg("text", { x: 12, y: 22, class: "m-node-agent" }),
    svg("text", { x: width - 12, y: 22, class: "m-node-state", "text-anchor": "end" }),
    svg("text", { x: 12, y: 43 }),
    svg("text", { x: 12, y: 63, class: "m-node-foot" }),
  );
  picture.nodes.set(key, group);
  picture.append(group);
  return group;
}

function texts(view) {
  const { explanation, error, cause, output } = view.state.execution;
  put("m-explanation", explanation || "It is being planned.");
  byId("m-error-card").hidden = !error;
  put("m-error", error ? (cause ? `${cause}: ${error}` : error) : "");
  byId("m-output-card").hidden = !output;
  put("m-output", output ?? "");
}

function lines(view) {
  const list = byId("m-lines");
  const all = view.state.lines;
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  if (all.length < linesDrawn || !list.begun) {
    list.replaceChildren();
    linesDrawn = 0;
    list.begun = true;
  }
  for (const line of all.slice(linesDrawn)) {
    const at = h("span", { class: "m-faint" }, `${new Date(line.at).toLocaleTimeString()} `);
    list.append(h("li", { "data-kind": line.kind }, at, line.text));
  }
  linesDrawn = all.length;
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function buttons(view) {
  const { state, paused } = view.state.execution;
  const runs = ["pending", "in_progress"].includes(state) && !view.page.ended && view.page.may.act;
  byId("m-acts").hidden = !runs;
  document.querySelector("[data-act=pause]").hidden = paused;
  document.querySelector("[data-act=resume]").hidden = !paused;
  byId("m-film").hidden = !view.page.ended;
}

// Draws the whole page from its state; what did not change is left alone, so that focus, selection and scrolling stay.
import { asks } from "./live_asks.js";
import { address, badge, byId, duration, h, inTwoLines, lookOf, put, size, sure, svg, usd } from "./live_dom.js";
import { panel, working } from "./live_panel.js";

const ENDED = ["completed", "failed", "skipped", "cancelled"];
const byPath = (one, other) => (one.path < other.path ? -1 : 1);
let linesDrawn = document.querySelectorAll("#m-lines > li").length;

export function draw(view, { clock = false } = {}) {
  took(view);
  if (clock) return working(view);
  if (!view.picked) follow(view);
  figures(view);
  for (const name of ["wide", "narrow"]) graph(view, name);
  panel(view);
  asks(view);
  left(view);
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

// Until somebody picks a step, the panel shows what people come for: a question, work, a failure, the end of it.
function follow(view) {
  const steps = Object.values(view.state.steps);
  const ended = ENDED.includes(view.state.execution.state);
  const last = (state) =>
    steps.filter((step) => step.state === state).sort((one, other) => ((one.started ?? "") < (other.started ?? "") ? 1 : -1))[0];
  const wanted = last("asks") ?? last("running") ?? (ended ? (last("failed") ?? view.state.steps.conclude) : null);
  if (wanted) view.chosen = wanted.key;
}

function took(view) {
  const { created, finished } = view.state.execution;
  const begun = Date.parse(created);
  const now = view.film ? begun + view.film_at_s * 1000 : Date.now();
  put("m-took", duration(Math.max(0, (finished ? Date.parse(finished) : now) - begun)));
}

// As the server says it: one of which nothing is at work stands as its steps do.
function stateOf(execution, steps) {
  const any = (state) => steps.some((step) => step.state === state);
  if (execution.state !== "in_progress" || any("running")) return execution.state;
  return any("asks") ? "asks" : execution.paused ? "held" : execution.state;
}

function figures(view) {
  const { execution, steps } = view.state;
  const look = view.page.looks[stateOf(execution, Object.values(steps))];
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
  const [agent, state, first, second, last] = group.querySelectorAll("text");
  agent.textContent = step.agent;
  state.textContent = `${look.mark} ${look.word}`;
  [first.textContent, second.textContent] = inTwoLines(step.purpose, view.page.node[2]);
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
    svg("text", { x: 12, y: 42 }),
    svg("text", { x: 12, y: 59 }),
    svg("text", { x: 12, y: 80, class: "m-node-foot" }),
  );
  picture.nodes.set(key, group);
  picture.append(group);
  return group;
}

function texts(view) {
  const { explanation, error, cause, output } = view.state.execution;
  put("m-explanation", explanation || (view.page.ended && !view.film ? "It ended before there was a plan." : "It is being planned."));
  byId("m-error-card").hidden = !error;
  put("m-error", error ?? "");
  put("m-cause", cause ? `What went wrong: ${cause}` : "What went wrong");
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
  }
  for (const line of all.slice(linesDrawn)) {
    const at = h("span", { class: "m-faint" }, `${new Date(line.at).toLocaleTimeString()} `);
    list.append(h("li", { "data-kind": line.kind }, at, line.text));
  }
  linesDrawn = all.length;
  if (atEnd || !list.begun) list.scrollTop = view.page.ended ? 0 : list.scrollHeight;
  list.begun = true;
}

// The newest version of each file, to be had; and the executions that do a part of this one.
function left(view) {
  const newest = new Map();
  for (const [id, file] of Object.entries(view.state.files)) {
    if ((newest.get(file.path)?.number ?? 0) < file.number) newest.set(file.path, { ...file, id });
  }
  const files = [...newest.values()].sort(byPath);
  list("m-files", files.map((file) => h("li", {}, h("a", { class: "m-link", href: address(view, "content", file.id) }, file.path), h("span", { class: "m-faint" }, size(file.size_bytes)))));
  const below = view.state.execution.below ?? [];
  list("m-below-list", below.map((one) => h("li", {}, badge(view, one.state), h("a", { class: "m-link", href: address(view, "live", one.id) }, one.request))));
}

function list(id, items) {
  const shown = byId(id);
  shown.parentElement.hidden = items.length === 0;
  const said = items.map((one) => one.outerHTML).join();
  if (shown.said !== said) shown.replaceChildren(...items);
  shown.said = said;
}

function buttons(view) {
  const { state, paused } = view.state.execution;
  const runs = ["pending", "in_progress"].includes(state) && !view.page.ended && view.page.may.act;
  byId("m-acts").hidden = !runs;
  document.querySelector("[data-act=pause]").hidden = paused;
  document.querySelector("[data-act=resume]").hidden = !paused;
  byId("m-film").hidden = !view.page.ended;
}

// The live page: follows an execution by server-sent events, or plays its film; what stands on the page is drawn from
// one state, which the server folds and this page only merges.
import { draw, said } from "./live_draw.js";
import { Film } from "./live_film.js";

const page = JSON.parse(document.getElementById("m-page").textContent);
const view = { state: page.state, text: {}, chosen: null, picked: false, film: false, page, act, choose };
const MAPS = ["steps", "uses", "files", "approvals"];
const AGAIN_MS = 3000;
const byId = (id) => document.getElementById(id);

export function merge(state, patch) {
  if ("number" in patch) state.number = patch.number;
  if (patch.layouts) state.layouts = patch.layouts;
  Object.assign(state.execution, patch.execution ?? {});
  for (const map of MAPS) {
    for (const [key, fields] of Object.entries(patch[map] ?? {})) state[map][key] = { ...state[map][key], ...fields };
  }
  state.lines = state.lines.concat(patch.lines ?? []);
}

function told(text) {
  byId("m-link-state").textContent = text;
}

function choose(key) {
  view.chosen = key;
  view.picked = true;
  draw(view);
}

async function act(name, fields = {}) {
  const body = new FormData();
  for (const [key, value] of Object.entries({ act: name, ...fields })) body.append(key, value);
  const token = document.querySelector("#m-acts [name=csrfmiddlewaretoken]").value;
  const note = byId("m-told");
  if (view.acting) return; // one click is one act
  acting(true);
  try {
    const answer = await fetch(page.ways.acts, { method: "POST", body, headers: { "X-CSRFToken": token } });
    const isTold = (answer.headers.get("content-type") ?? "").includes("json");
    const said = isTold ? await answer.json() : { told: `It was refused (${answer.status}).` };
    note.textContent = said.told;
    if (said.way) window.location.assign(said.way);
  } catch {
    note.textContent = "The server does not answer; nothing was changed by this page.";
  }
  acting(false);
  note.hidden = false;
  note.scrollIntoView({ block: "nearest" });
}

function acting(is) {
  view.acting = is;
  byId("m-live").classList.toggle("m-acting", is);
}

function follow() {
  const stream = new EventSource(`${page.ways.events}?after=${page.state.number}`);
  stream.onopen = () => told("live");
  stream.addEventListener("patch", (event) => {
    const patch = JSON.parse(event.data);
    if (patch.number <= view.state.number) return; // it was told again after a broken connection
    said(view, patch);
    merge(view.state, patch);
    draw(view);
  });
  stream.addEventListener("beside", (event) => {
    const beside = JSON.parse(event.data);
    merge(view.state, { approvals: beside.approvals, execution: beside.execution });
    view.text = beside.text;
    draw(view);
  });
  stream.addEventListener("end", () => {
    stream.close();
    page.ended = true;
    view.text = {};
    told("ended");
    draw(view);
  });
  stream.onerror = () => {
    told("connecting again…");
    if (stream.readyState === EventSource.CLOSED) setTimeout(followAgain, AGAIN_MS);
  };
}

// The browser gives up where anything but a stream answered: a proxy while the server starts, or a page for who may look no more.
async function followAgain() {
  try {
    const answer = await fetch(`${page.ways.since}?after=${page.state.number}`, { redirect: "manual" });
    if (answer.ok) return follow();
    if (answer.type === "opaqueredirect" || answer.status < 500) return told("cut off: load the page again");
  } catch {
    // nobody answers yet
  }
  setTimeout(followAgain, AGAIN_MS);
}

for (const button of document.querySelectorAll("#m-acts [data-act]")) {
  button.addEventListener("click", () => {
    if (button.dataset.act !== "cancel" || window.confirm("Cancel this execution? This cannot be undone.")) act(button.dataset.act);
  });
}
setInterval(() => !page.ended && draw(view, { clock: true }), 1000);
new Film(view, merge, draw);
draw(view);
if (page.ended) told("ended");
else follow();
window.miosaLive = view; // for tests and the curious: what is drawn

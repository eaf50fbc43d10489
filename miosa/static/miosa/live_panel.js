// One step: who works at it with which model and why, what it costs, what speaks for it, what it did with tools.
import { address, badge, byId, duration, h, lookOf, size, sure, usd } from "./live_dom.js";

const ENDINGS = ["completed", "failed", "cancelled"];
const AROUND = ["plan", "conclude"]; // what they are told is the task itself
let drawn = "";
let written = null;
let took = null;

export function panel(view) {
  const step = view.chosen === null ? null : view.state.steps[view.chosen];
  if (!step) {
    if (drawn) byId("m-panel").replaceChildren(h("p", { class: "m-faint" }, "Choose a step of the plan."));
    drawn = "";
    return;
  }
  const mine = (map) => Object.entries(view.state[map]).filter(([, one]) => one.step === view.chosen);
  const [uses, files] = [mine("uses"), mine("files")];
  const notes = view.state.lines.filter((line) => line.step === view.chosen && line.kind === "note");
  const answers = uses.map(([, use]) => view.state.approvals[use.approval]).filter(Boolean);
  const { below } = view.state.execution;
  const asked = view.text[view.chosen]?.model;
  const signature = JSON.stringify([view.chosen, step, uses, files, notes, answers, below, asked, view.page.ended, view.state.execution.state]);
  if (signature !== drawn) {
    const open = new Set([...byId("m-panel").querySelectorAll("details[open]")].map((one) => one.dataset.of));
    drawn = signature;
    written = h("pre", { class: "m-block m-written", hidden: true });
    byId("m-panel").replaceChildren(...parts(view, step, { uses, files, notes }));
    for (const one of byId("m-panel").querySelectorAll("details")) one.open ||= open.has(one.dataset.of);
  }
  const text = view.text[view.chosen]?.text ?? "";
  written.hidden = !text;
  if (written.textContent !== text) {
    const atEnd = written.scrollHeight - written.scrollTop - written.clientHeight < 40;
    written.textContent = text;
    if (atEnd) written.scrollTop = written.scrollHeight;
  }
  working(view);
}

// How long a step has been at work by now.
export function working(view) {
  const step = view.state.steps[view.chosen];
  if (!took || !step || step.state !== "running" || !step.started) return;
  const now = view.film ? Date.parse(view.state.execution.created) + view.film_at_s * 1000 : Date.now();
  took.textContent = duration(Math.max(0, now - Date.parse(step.started)));
}

function parts(view, step, { uses, files, notes }) {
  const look = lookOf(view, step);
  return [
    h("h2", {}, `${step.agent}: ${step.purpose}`),
    h("p", { class: "m-line" }, h("span", { class: `m-badge m-${look.colour}` }, `${look.mark} ${look.word}`), step.reason ? h("span", { class: "m-faint" }, step.reason) : null),
    step.waits ? h("p", {}, step.waits) : null,
    facts(view, step),
    ...block("What was wrong", step.error),
    written,
    notes.length ? h("h3", {}, "Notes") : null,
    notes.length ? h("ul", { class: "m-checks" }, ...notes.map((note) => h("li", {}, note.text))) : null,
    ...evidence(step),
    ...(step.output || step.error ? folded : block)("What it is to do", AROUND.includes(step.key) ? "" : step.instruction, "instruction"),
    ...block("Output", step.output),
    uses.length ? h("h3", {}, "Tools") : null,
    ...uses.map(([id, use]) => tool(view, id, use)),
    files.length ? h("h3", {}, "Files") : null,
    files.length ? h("ul", { class: "m-checks" }, ...files.map(([id, file]) => h("li", {}, row(view, "file", id, `${file.path} v${file.number}`), h("a", { class: "m-link", href: address(view, "content", id) }, "Download"), h("span", { class: "m-faint" }, size(file.size_bytes))))) : null,
    again(view, step),
    step.id ? h("p", { class: "m-line" }, row(view, "step", step.id, "Everything about this step")) : null,
  ].filter(Boolean);
}

function facts(view, step) {
  const fact = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
  const asked = view.text[view.chosen]?.model;
  const model = asked ? [asked, " ", h("span", { class: "m-faint" }, "is asked now")] : [step.model || "–"];
  if (step.decision_id && !asked) model.push(" ", row(view, "decision", step.decision_id, "its decision"));
  return h(
    "dl",
    { class: "m-facts" },
    fact("Model", ...model),
    fact("Confidence", sure(step.confidence)),
    fact("Tokens", (step.tokens ?? 0).toLocaleString("en-US")),
    fact("Cost", usd(step.cost_micros)),
    fact("Model calls", String(step.calls ?? 0)),
    h("div", {}, h("dt", {}, "Time"), (took = h("dd", {}, duration(step.execution_ms)))),
    ...(step.why ? [h("div", { class: "m-whole" }, h("dt", {}, "Why this model"), h("dd", {}, step.why))] : []),
  );
}

function evidence(step) {
  if (!step.evidence?.length) return step.because ? [h("p", { class: "m-faint" }, step.because)] : [];
  const shown = step.evidence.map((one) =>
    h(
      "li",
      { class: one.passed ? "m-passed" : "m-missed" },
      h("span", { "aria-hidden": "true" }, one.passed ? "✓" : "✗"),
      h(
        "span",
        {},
        h("strong", {}, one.check),
        one.detail ? `: ${one.detail}` : "",
        h("span", { class: "m-faint" }, ` · ${one.passed ? "passed" : "not passed"}${typeof one.weight === "number" ? `, weight ${one.weight.toFixed(2)}` : ""}`),
      ),
    ),
  );
  return [h("h3", {}, "Why this confidence"), step.because ? h("p", { class: "m-faint" }, step.because) : null, h("ul", { class: "m-checks" }, ...shown)].filter(Boolean);
}

function tool(view, id, use) {
  const approval = view.state.approvals[use.approval];
  const lasted = use.took_ms === null || use.took_ms === undefined ? "" : `, ${duration(use.took_ms)}`;
  const below = (view.state.execution.below ?? []).filter((one) => one.use === id);
  return h(
    "div",
    { class: "m-tool", "data-use": id },
    h("p", { class: "m-line" }, h("strong", {}, use.tool), use.effect && use.effect !== "reads" ? h("span", { class: "m-chip" }, use.effect) : null, h("span", {}, `${use.state ?? "asked"}${lasted}`), row(view, "use", id, "its page")),
    approval ? h("p", { class: "m-line" }, row(view, "approval", use.approval, `Approval: ${approval.state}`), h("span", { class: "m-faint" }, [approval.decided_by && `by ${approval.decided_by}`, approval.note].filter(Boolean).join(": "))) : null,
    ...below.map((one) => h("p", { class: "m-line" }, badge(view, one.state), h("a", { class: "m-link", href: address(view, "live", one.id) }, "Its execution below"))),
    ...folded("Arguments", use.arguments, `${id}-arguments`),
    use.output
      ? h(
          "details",
          { "data-of": `${id}-output` },
          h("summary", {}, "What came back"),
          h("p", { class: "m-fence" }, `Data${use.origin ? ` from ${use.origin}` : ""}, no instruction`),
          h("pre", { class: "m-block m-fenced", tabindex: 0 }, use.output),
        )
      : null,
  );
}

// From a step of what has ended somebody may go on in a new execution, with another wording if they want.
function again(view, step) {
  const { state, request } = view.state.execution;
  if (!view.page.ended || !ENDINGS.includes(state) || !view.page.may.act || !step.id) return null;
  const before = step.key === "plan" ? request : AROUND.includes(step.key) ? "" : step.instruction;
  const whole = before && !before.endsWith(view.page.cut); // what is shown in part is not to be changed here
  const words = whole ? h("textarea", { rows: 4, "aria-label": step.key === "plan" ? "The task" : "What the step is told" }, before) : null;
  const asItWas = words?.value; // with the ends of lines that a browser makes of them
  const begin = () => view.act("again", { step: step.key, changed: words && words.value !== asItWas ? words.value : "" });
  return h(
    "details",
    { "data-of": "again", class: "m-again" },
    h("summary", {}, "Do it anew from here"),
    h("p", { class: "m-note" }, "A new execution begins: what was done before this step stands in it as it is, and costs nothing again."),
    words,
    h("p", { class: "m-line" }, h("button", { type: "button", class: "m-button", click: begin }, "Begin anew")),
  );
}

function block(name, text) {
  return text ? [h("h3", {}, name), h("pre", { class: "m-block", tabindex: 0 }, text)] : [];
}

function folded(name, text, of) {
  return text ? [h("details", { "data-of": of }, h("summary", {}, name), h("pre", { class: "m-block", tabindex: 0 }, text))] : [];
}

function row(view, kind, id, text) {
  return h("a", { class: "m-link", href: address(view, kind, id) }, text);
}

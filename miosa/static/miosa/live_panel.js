// One step: who works at it with which model and why, what it costs, what speaks for it, what it did with tools.
import { byId, duration, h, lookOf, sure, usd } from "./live_dom.js";

let drawn = "";
let written = null;

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
  const signature = JSON.stringify([view.chosen, step, uses, files, notes, answers]);
  if (signature !== drawn) {
    const open = new Set([...byId("m-panel").querySelectorAll("details[open]")].map((one) => one.dataset.of));
    drawn = signature;
    written = h("pre", { class: "m-block m-written", hidden: true });
    byId("m-panel").replaceChildren(...parts(view, step, { uses, files, notes }));
    for (const one of byId("m-panel").querySelectorAll("details")) one.open ||= open.has(one.dataset.of);
  }
  const text = view.text[view.chosen] ?? "";
  written.hidden = !text;
  if (written.textContent !== text) written.textContent = text;
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
    ...folded("instruction", "What it is to do", step.instruction),
    ...block("Output", step.output),
    uses.length ? h("h3", {}, "Tools") : null,
    ...uses.map(([id, use]) => tool(view, id, use)),
    files.length ? h("h3", {}, "Files") : null,
    files.length ? h("ul", { class: "m-checks" }, ...files.map(([id, file]) => h("li", {}, row(view, "file", id, `${file.path} v${file.number}`), h("span", { class: "m-faint" }, `${file.size_bytes} bytes`)))) : null,
    step.id ? h("p", { class: "m-line" }, row(view, "step", step.id, "Everything about this step")) : null,
  ].filter(Boolean);
}

function facts(view, step) {
  const fact = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
  const model = step.model ? [step.model] : ["–"];
  if (step.decision_id) model.push(" ", row(view, "decision", step.decision_id, "its decision"));
  return h(
    "dl",
    { class: "m-facts" },
    fact("Model", ...model),
    fact("Confidence", sure(step.confidence)),
    fact("Tokens", (step.tokens ?? 0).toLocaleString("en-US")),
    fact("Cost", usd(step.cost_micros)),
    fact("Model calls", String(step.calls ?? 0)),
    fact("Time", duration(step.execution_ms)),
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
  const took = use.took_ms === null || use.took_ms === undefined ? "" : `, ${duration(use.took_ms)}`;
  return h(
    "div",
    { class: "m-tool", "data-use": id },
    h("p", { class: "m-line" }, h("strong", {}, use.tool), h("span", { class: "m-chip" }, use.effect), h("span", {}, `${use.state ?? "asked"}${took}`), row(view, "use", id, "its page")),
    approval ? h("p", { class: "m-line" }, row(view, "approval", use.approval, `Approval: ${approval.state}`), approval.note ? h("span", { class: "m-faint" }, approval.note) : null) : null,
    ...folded(`${id}-arguments`, "Arguments", use.arguments),
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

function block(name, text) {
  return text ? [h("h3", {}, name), h("pre", { class: "m-block", tabindex: 0 }, text)] : [];
}

function folded(of, name, text) {
  return text ? [h("details", { "data-of": of }, h("summary", {}, name), h("pre", { class: "m-block", tabindex: 0 }, text))] : [];
}

function row(view, kind, id, text) {
  const address = view.page.rows[kind].replace(view.page.any, encodeURIComponent(id));
  return h("a", { class: "m-link", href: address }, text);
}

// What waits for an answer: exactly the effect and its digest, and the two buttons for those who may decide.
import { byId, h } from "./live_dom.js";

let drawn = "";

export function asks(view) {
  const pending = Object.entries(view.state.approvals).filter(([, one]) => one.state === "pending");
  const over = view.page.ended; // nobody acts in a film, or on what has ended
  byId("m-asks-card").hidden = pending.length === 0 || (over && !view.film);
  const signature = JSON.stringify([pending, over]);
  if (signature === drawn) return;
  drawn = signature;
  byId("m-asks").replaceChildren(...pending.map(([id, one]) => ask(view, id, one, over)));
}

function ask(view, id, one, over) {
  const note = h("input", { maxlength: 500, "aria-label": "Note, kept with your answer", placeholder: "Note (kept)", autocomplete: "off" });
  const answer = (name) => () => view.act(name, { approval: id, digest: one.digest, note: note.value });
  const may = view.page.may.decide && !over;
  return h(
    "article",
    { class: "m-ask", "data-approval": id },
    h("h3", {}, one.question),
    h("p", { class: "m-note" }, "Exactly this, and nothing else:"),
    h("pre", { class: "m-block", tabindex: 0 }, one.effect),
    h("p", { class: "m-note" }, "SHA-256 of it ", h("code", {}, one.digest), one.expires ? `; holds until ${new Date(one.expires).toLocaleString()}` : ""),
    may ? note : null,
    may
      ? h(
          "p",
          { class: "m-line" },
          h("button", { type: "button", class: "m-button", click: answer("approve") }, "Approve"),
          h("button", { type: "button", class: "m-button m-danger", click: answer("reject") }, "Reject"),
        )
      : h("p", { class: "m-faint" }, over ? "It waited for an answer here." : "Somebody else has to answer this."),
  );
}

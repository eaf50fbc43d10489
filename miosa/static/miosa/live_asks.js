// What people are asked: exactly the effect and its digest, the two buttons for those who may decide, and what was answered.
import { address, byId, h, put } from "./live_dom.js";

let drawn = "";

export function asks(view) {
  const all = Object.entries(view.state.approvals);
  const over = view.page.ended; // nobody acts in a film, or on what has ended
  const open = over && !view.film ? [] : all.filter(([, one]) => one.state === "pending");
  const answered = all.filter(([, one]) => one.state !== "pending");
  byId("m-asks-card").hidden = open.length + answered.length === 0;
  byId("m-asks-card").classList.toggle("m-asked", open.length > 0);
  put("m-asks-title", open.length ? "Waits for an answer" : "Answered");
  const signature = JSON.stringify([open, answered, over]);
  if (signature === drawn) return;
  drawn = signature;
  byId("m-asks").replaceChildren(
    ...open.map(([id, one]) => ask(view, id, one, over)),
    ...answered.map(([id, one]) => answer(view, id, one)),
  );
}

function ask(view, id, one, over) {
  const note = h("input", { maxlength: 500, "aria-label": "Note, kept with your answer", placeholder: "Note (kept)", autocomplete: "off" });
  const say = (name) => () => view.act(name, { approval: id, digest: one.digest, note: note.value });
  const may = view.page.may.decide && !over;
  return h(
    "article",
    { class: "m-ask", "data-approval": id },
    h("h3", {}, one.question),
    h("p", { class: "m-faint" }, "Exactly this, and nothing else:"),
    h("pre", { class: "m-block", tabindex: 0 }, one.effect),
    h("p", { class: "m-faint" }, "SHA-256 of it ", h("code", {}, one.digest), one.expires ? `; holds until ${new Date(one.expires).toLocaleString()}` : ""),
    may ? note : null,
    may
      ? h(
          "p",
          { class: "m-line" },
          h("button", { type: "button", class: "m-button", click: say("approve") }, "Approve"),
          h("button", { type: "button", class: "m-button m-danger", click: say("reject") }, "Reject"),
        )
      : h("p", { class: "m-faint" }, over ? "It waited for an answer here." : "Somebody else has to answer this."),
  );
}

function answer(view, id, one) {
  const by = one.decided_by ? ` by ${one.decided_by}` : "";
  const at = one.decided ? `, ${new Date(one.decided).toLocaleString()}` : "";
  return h(
    "p",
    { class: "m-line", "data-answered": id },
    h("a", { class: "m-link", href: address(view, "approval", id) }, one.question),
    h("span", {}, h("strong", {}, one.state), `${by}${at}`),
    one.note ? h("span", { class: "m-faint" }, one.note) : null,
  );
}

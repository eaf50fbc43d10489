// Elements made of plain values: whatever stands in them came in as text and stays text.
const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

function made(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function h(tag, attributes = {}, ...children) {
  return made(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return made(document.createElementNS(SVG, tag), attributes, children);
}

export function put(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

// As the server does it: two lines of a step's box, cut where the text is longer.
export function inTwoLines(text, most) {
  if (text.length <= most) return [text, ""];
  const space = text.lastIndexOf(" ", most);
  const first = text.slice(0, space > 0 ? space : most);
  const rest = text.slice(first.length).replace(/^ +/, "");
  return [first, rest.length <= most ? rest : `${rest.slice(0, most - 1).replace(/ +$/, "")}…`];
}

// Where a row of this kind has its page.
export const address = (view, kind, id) => view.page.rows[kind].replace(view.page.any, encodeURIComponent(id));

export function badge(view, state) {
  const look = view.page.looks[state];
  return h("span", { class: `m-badge m-${look.colour}` }, `${look.mark} ${look.word}`);
}

export function size(bytes) {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export function usd(micros) {
  const value = (micros ?? 0) / 1_000_000;
  const text = value.toFixed(6).replace(/0+$/, "");
  const decimals = Math.max(2, text.split(".")[1]?.length ?? 0);
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })}`;
}

export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

// As Python rounds: a half goes to the even neighbour.
function tenths(value) {
  const scaled = value * 10;
  const near = Math.round(scaled);
  return (Math.abs(scaled % 1) === 0.5 && near % 2 ? near - 1 : near) / 10;
}

export const sure = (value) => (value === null || value === undefined ? "–" : `${tenths(value).toFixed(1)} of 10`);

// How a step looks: one that was done without success is in doubt.
export function lookOf(view, step) {
  return view.page.looks[step.state === "completed" && step.success === false ? "doubtful" : step.state];
}

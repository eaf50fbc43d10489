// The page of the site. Everything that is not written here goes through `e`, which makes it plain text.

import { FIELDS, RECORDS, SITE, WORDS, shown } from "./content.mjs";

const SAFE = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
const INPUTS = { int: "number", float: "number", bool: "checkbox", date: "date", datetime: "datetime-local" };

export const e = (text) => String(text).replace(/[&<>"']/g, (character) => SAFE[character]);

function input(field, given, errors) {
  const kind = INPUTS[field.type] || "text";
  const value = Object.hasOwn(given, field.name) ? given[field.name] : "";
  const id = `f-${e(field.name)}`;
  const label = `<label for="${id}">${e(field.label)}</label>`;
  if (kind === "checkbox") {
    const checked = value ? " checked" : "";
    return `<p class="field tick"><input id="${id}" name="${e(field.name)}" type="checkbox" value="true"${checked}>${label}</p>`;
  }
  const step = kind === "number" ? ' step="any"' : "";
  const error = errors[field.name] ? `<span class="error" role="alert">${e(errors[field.name])}</span>` : "";
  return `<p class="field">${label}<input id="${id}" name="${e(field.name)}" type="${kind}"${step} value="${e(value)}">${error}</p>`;
}

function line(row) {
  const cells = FIELDS.map((field) => `<td>${e(shown(row.values[field.name]))}</td>`).join("");
  const name = e(shown(row.values[FIELDS[0].name]));
  const button = `<button class="plain" type="submit">${e(WORDS.delete)}<span class="unseen"> ${name}</span></button>`;
  return `<tr>${cells}<td><form method="post" action="records/${row.id}/delete">${button}</form></td></tr>`;
}

function records(rows, given, errors) {
  if (!RECORDS) return "";
  const heads = FIELDS.map((field) => `<th scope="col">${e(field.label)}</th>`).join("");
  const table = `<div class="scroll"><table>
<thead><tr>${heads}<th scope="col"><span class="unseen">${e(WORDS.delete)}</span></th></tr></thead>
<tbody>
${rows.map(line).join("\n")}
</tbody>
</table></div>`;
  return `<section class="card" id="records">
<h2>${e(RECORDS.title)}</h2>
${rows.length ? table : `<p class="empty">${e(WORDS.nothing)}</p>`}
<form class="fields" method="post" action="records">
${FIELDS.map((field) => input(field, given, errors)).join("\n")}
<p class="send"><button type="submit">${e(WORDS.add)}</button></p>
</form>
</section>`;
}

function section(one) {
  const points = one.points.length ? `<ul>\n${one.points.map((point) => `<li>${e(point)}</li>`).join("\n")}\n</ul>` : "";
  return `<section class="card">
<h2>${e(one.heading)}</h2>
${one.texts.map((text) => `<p>${e(text)}</p>`).join("\n")}
${points}
</section>`;
}

export function page(rows, { given = {}, errors = {} } = {}) {
  return `<!doctype html>
<html lang="${e(SITE.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${e(SITE.tagline)}">
<title>${e(SITE.title)}</title>
<link rel="icon" href="static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="static/style.css">
</head>
<body class="hue-${e(SITE.hue)}">
<a class="skip" href="#main">${e(WORDS.skip)}</a>
<header>
<h1>${e(SITE.title)}</h1>
<p>${e(SITE.tagline)}</p>
</header>
<main id="main">
${records(rows, given, errors)}
${SITE.sections.map(section).join("\n")}
</main>
<footer>
${SITE.api ? `<p>${e(WORDS.api)}: <a href="${e(SITE.api)}">${e(SITE.api)}</a></p>` : ""}
${SITE.footer ? `<p>${e(SITE.footer)}</p>` : ""}
</footer>
</body>
</html>
`;
}

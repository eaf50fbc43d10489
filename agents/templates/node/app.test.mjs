// The site's tests, over HTTP to a server of their own.

import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

process.env.DATA_DIR = mkdtempSync(join(tmpdir(), "site-"));
const { server } = await import("./app.mjs");
const { FIELDS, RECORDS, SITE, WORDS } = await import("./content.mjs");
const { e } = await import("./page.mjs");

const GOOD = { int: "3", float: "2.5", bool: "true", date: "2026-02-28", datetime: "2026-02-28T09:30", list: "1, 2" };
const HOSTILE = "<script>alert('x')</script> {{ 7 * 7 }} ${7 * 7} & co";
const typed = (other = {}) => Object.fromEntries(FIELDS.map((field) => [field.name, GOOD[field.type] || "Sample"]).concat(Object.entries(other)));
const api = RECORDS ? `/api/${RECORDS.slug}` : "";
let base = "";

before(() => new Promise((ready) => server.listen(0, "127.0.0.1", () => {
  base = `http://127.0.0.1:${server.address().port}`;
  ready();
})));
after(() => server.close());

async function call(method, path, { form, data, raw } = {}) {
  const body = form ? new URLSearchParams(form) : data ? JSON.stringify(data) : raw;
  const response = await fetch(base + path, { method, body, redirect: "manual" });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test("home shows what the site is about", async () => {
  const { status, text } = await call("GET", "/");
  assert.equal(status, 200);
  assert.ok(text.includes(`<title>${e(SITE.title)}</title>`));
  for (const section of SITE.sections) assert.ok(text.includes(e(section.heading)));
});

test("it says that it is well", async () => {
  assert.deepEqual(JSON.parse((await call("GET", "/healthz")).text), { status: "ok" });
});

test("links work below any address", async () => {
  const links = [...(await call("GET", "/")).text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map((match) => match[1]);
  assert.ok(links.length);
  assert.deepEqual(links.filter((one) => one.startsWith("/") || one.includes("://")), []);
});

test("what is not there is not found", async () => {
  for (const path of ["/no-such-page", "/static/../app.mjs", "/site.json"]) assert.equal((await call("GET", path)).status, 404);
});

test("the style is served", async () => {
  const { status, headers, text } = await call("GET", "/static/style.css");
  assert.equal(status, 200);
  assert.match(headers.get("content-type"), /text\/css/);
  assert.ok(text.includes("prefers-color-scheme"));
});

if (RECORDS) {
  test("a record can be added, listed and deleted", async () => {
    const added = await call("POST", api, { data: typed() });
    assert.equal(added.status, 201);
    const { id } = JSON.parse(added.text);
    const { items } = JSON.parse((await call("GET", api)).text);
    assert.deepEqual(Object.keys(items.at(-1)).sort(), ["id", ...FIELDS.map((field) => field.name)].sort());
    assert.equal((await call("DELETE", `${api}/${id}`)).status, 204);
    assert.equal((await call("DELETE", `${api}/${id}`)).status, 404);
  });

  test("the form adds and deletes", async () => {
    const added = await call("POST", "/records", { form: typed() });
    assert.deepEqual([added.status, added.headers.get("location")], [303, "./"]);
    const number = [...(await call("GET", "/")).text.matchAll(/records\/(\d+)\/delete/g)].at(-1)[1];
    const gone = await call("POST", `/records/${number}/delete`, { form: {} });
    assert.deepEqual([gone.status, gone.headers.get("location")], [303, "../../"]);
    assert.ok(!(await call("GET", "/")).text.includes(`records/${number}/delete`));
  });

  test("an empty record is refused", async () => {
    const refused = await call("POST", api, { data: {} });
    assert.equal(refused.status, 422);
    assert.ok(FIELDS[0].name in JSON.parse(refused.text).errors);
    const again = await call("POST", "/records", { form: {} });
    assert.equal(again.status, 422);
    assert.ok(again.text.includes(e(WORDS.required)));
  });

  test("what is no JSON object is refused", async () => {
    for (const raw of ["{", "[1]", "null"]) assert.equal((await call("POST", api, { raw })).status, 422);
  });

  test("foreign text stays text", { skip: FIELDS.every((field) => field.type !== "str") }, async () => {
    const name = FIELDS.find((field) => field.type === "str").name;
    const { id } = JSON.parse((await call("POST", api, { data: typed({ [name]: HOSTILE }) })).text);
    const { text } = await call("GET", "/");
    assert.ok(!text.includes("<script>alert"));
    assert.ok(text.includes(e(HOSTILE)));
    await call("DELETE", `${api}/${id}`);
  });
}

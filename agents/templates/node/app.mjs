// The site as a Node app: one page, its forms, and a JSON API.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { FIELDS, Invalid, RECORDS, WORDS, clean } from "./content.mjs";
import { page } from "./page.mjs";
import { Full, add, remove, rows } from "./store.mjs";

const MOST_BYTES = 200_000;
const FILES = {
  "/static/style.css": "text/css; charset=utf-8",
  "/static/icon.svg": "image/svg+xml",
};

class TooLong extends Error {}

const answer = (status, type, body, headers = {}) => ({ status, headers: { "content-type": type, ...headers }, body });
const html = (status, body) => answer(status, "text/html; charset=utf-8", body);
const json = (status, value) => answer(status, "application/json", JSON.stringify(value));
const see = (location) => answer(303, "text/plain", "", { location });
const nothing = () => answer(404, "text/plain; charset=utf-8", "There is nothing here.\n");

async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MOST_BYTES) throw new TooLong();
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

async function sent(request) {
  let body = null;
  try {
    body = JSON.parse(await bodyOf(request));
  } catch (error) {
    if (error instanceof TooLong) throw error;
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw new Invalid({ body: WORDS.invalid });
  return body;
}

async function typed(request) {
  const given = Object.fromEntries(new URLSearchParams(await bodyOf(request)));
  try {
    add(clean(FIELDS, given));
  } catch (error) {
    if (error instanceof Invalid) return html(422, page(rows(), { given, errors: error.errors }));
    throw error;
  }
  return see("./");
}

async function ofRecords(request, method, path) {
  const list = `/api/${RECORDS.slug}`;
  if (method === "POST" && path === "/records") return typed(request);
  const form = /^\/records\/(\d+)\/delete$/.exec(path);
  if (method === "POST" && form) {
    remove(Number(form[1]));
    return see("../../");
  }
  if (path === list && method === "GET") return json(200, { items: rows().map((row) => ({ id: row.id, ...row.values })) });
  if (path === list && method === "POST") {
    const values = clean(FIELDS, await sent(request));
    return json(201, { id: add(values), ...values });
  }
  const single = path.startsWith(`${list}/`) ? /^\d+$/.exec(path.slice(list.length + 1)) : null;
  if (single && method === "DELETE") return remove(Number(single[0])) ? answer(204, "text/plain", "") : nothing();
  return nothing();
}

export async function answered(request) {
  const method = request.method === "HEAD" ? "GET" : request.method;
  const path = request.url.split("?")[0];
  if (method === "GET" && path === "/") return html(200, page(rows()));
  if (method === "GET" && path === "/healthz") return json(200, { status: "ok" });
  if (method === "GET" && Object.hasOwn(FILES, path)) {
    return answer(200, FILES[path], readFileSync(new URL(`.${path}`, import.meta.url)));
  }
  return RECORDS ? ofRecords(request, method, path) : nothing();
}

function refusal(error) {
  if (error instanceof Invalid) return json(422, { errors: error.errors });
  if (error instanceof Full) return json(409, { errors: { records: WORDS.too_long } });
  if (error instanceof TooLong) return json(413, { errors: { body: WORDS.too_long } });
  console.error(error);
  return answer(500, "text/plain", "Something went wrong.\n");
}

export const server = createServer(async (request, response) => {
  const told = await answered(request).catch(refusal);
  response.writeHead(told.status, told.headers);
  response.end(request.method === "HEAD" ? undefined : told.body);
});

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  server.listen(Number(process.env.PORT || 8000), process.env.HOST || "127.0.0.1");
}

// The records of the site, in a JSON file in the app's home; written whole, then put in place.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = process.env.DATA_DIR || process.env.HOME || ".";
const FILE = join(FOLDER, "site-records.json");
const MOST = 1_000; // records; more would be a page nobody reads

export class Full extends Error {}

function read() {
  try {
    return JSON.parse(readFileSync(FILE, "utf8"));
  } catch {
    return { last: 0, rows: [] };
  }
}

let held = read();

function keep(next) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FILE}.new`, JSON.stringify(next));
  renameSync(`${FILE}.new`, FILE);
  held = next;
}

export function rows() {
  return held.rows;
}

export function add(values) {
  if (held.rows.length >= MOST) throw new Full("full");
  const row = { id: held.last + 1, values };
  keep({ last: row.id, rows: [...held.rows, row] });
  return row.id;
}

export function remove(id) {
  const left = held.rows.filter((row) => row.id !== id);
  const found = left.length < held.rows.length;
  if (found) keep({ last: held.last, rows: left });
  return found;
}

// What the site is about, read from site.json, and what may be typed into it.

import { readFileSync } from "node:fs";

export const SITE = JSON.parse(readFileSync(new URL("./site.json", import.meta.url), "utf8"));
export const RECORDS = SITE.records;
export const FIELDS = RECORDS ? RECORDS.fields : [];
export const WORDS = SITE.words;
const LONGEST = 20_000; // characters of one value

export class Invalid extends Error {
  constructor(errors) {
    super("what was typed cannot be taken");
    this.errors = errors;
  }
}

const NUMBER = /^[+-]?\d+(?:[.,]\d+)?$/;

function one(kind, value) {
  const text = String(value).trim();
  if (kind === "bool") return ["true", "1", "on", "yes"].includes(text.toLowerCase());
  if (kind === "int" || kind === "float") {
    const number = NUMBER.test(text) ? Number(text.replace(",", ".")) : NaN;
    if (!Number.isFinite(number) || (kind === "int" && !Number.isSafeInteger(number))) throw new RangeError(text);
    return number;
  }
  if (kind === "list") return Array.isArray(value) ? value : text.split(/[,\n]/).map((part) => part.trim()).filter(Boolean);
  if (kind === "date" || kind === "datetime") {
    const wanted = kind === "date" ? /^\d{4}-\d\d-\d\d$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/;
    if (!wanted.test(text) || Number.isNaN(Date.parse(text))) throw new RangeError(text);
    if (!new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10))) throw new RangeError(text);
  }
  return text;
}

// Return the values of all fields, or throw Invalid; the first field must not be empty.
export function clean(fields, given) {
  const values = {};
  const errors = {};
  fields.forEach((field, place) => {
    const raw = Object.hasOwn(given, field.name) ? given[field.name] : "";
    try {
      if (field.type !== "bool" && (raw === null || String(raw).trim() === "")) {
        values[field.name] = null;
        if (place === 0) errors[field.name] = WORDS.required;
      } else if (String(raw).length > LONGEST) {
        errors[field.name] = WORDS.too_long;
      } else {
        values[field.name] = one(field.type, raw);
      }
    } catch {
      errors[field.name] = WORDS.invalid;
    }
  });
  if (Object.keys(errors).length) throw new Invalid(errors);
  return values;
}

// Return a value as a person reads it.
export function shown(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? WORDS.yes : WORDS.no;
  return Array.isArray(value) ? value.map(shown).join(", ") : String(value);
}

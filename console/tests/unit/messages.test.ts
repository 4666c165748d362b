import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

import { catalogues } from "../../src/i18n/catalogues";

const src = path.resolve(import.meta.dirname, "../../src");

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "").sort();
}

test("both languages have every message, with the same values in it", () => {
  for (const { en, de } of catalogues) {
    expect(Object.keys(de)).toEqual(Object.keys(en));
    for (const [key, text] of Object.entries<string>(en)) {
      const translated = (de as Record<string, string>)[key] ?? "";
      expect(translated.trim(), key).not.toBe("");
      expect(placeholders(translated), key).toEqual(placeholders(text));
    }
  }
});

test("no two pages have a message of the same name", () => {
  const names = catalogues.flatMap(({ en }) => Object.keys(en));
  expect(names.length).toBe(new Set(names).size);
});

test("every page's catalogue is one of the catalogues", () => {
  const listed = readFileSync(path.join(src, "i18n/catalogues.ts"), "utf8");
  for (const page of readdirSync(path.join(src, "pages"))) expect(listed).toContain(`pages/${page}/messages"`);
});

test("every plural has both forms", () => {
  for (const { en } of catalogues) {
    const names = Object.keys(en);
    for (const name of names.filter((each) => each.endsWith("_one"))) {
      expect(names).toContain(name.replace(/_one$/, "_other"));
    }
  }
});

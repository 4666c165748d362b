import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

import { catalogues as firstGerman } from "../../src/i18n/de";
import { catalogues as moreGerman } from "../../src/i18n/de.more";
import { catalogues as firstEnglish } from "../../src/i18n/en";
import { catalogues as moreEnglish } from "../../src/i18n/en.more";
import { translator } from "../../src/i18n/translator";

const english = { ...firstEnglish, ...moreEnglish };
const german = { ...firstGerman, ...moreGerman };
const names = Object.keys(english) as (keyof typeof english)[];
const catalogues = names.map((name) => ({ en: english[name] as Record<string, string>, de: german[name] as Record<string, string> }));
const src = path.resolve(import.meta.dirname, "../../src");

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "").sort();
}

test("both languages have every message, with the same values in it", () => {
  for (const { en, de } of catalogues) {
    expect(Object.keys(de)).toEqual(Object.keys(en));
    for (const [key, text] of Object.entries(en)) {
      const translated = de[key] ?? "";
      expect(translated.trim(), key).not.toBe("");
      expect(placeholders(translated), key).toEqual(placeholders(text));
    }
  }
});

test("what changed meanwhile may have been changed by no person, and no message names one", () => {
  const texts = catalogues.flatMap(({ en, de }) => [...Object.values(en), ...Object.values(de)]);
  expect(texts.filter((text) => /jemand hat|someone|somebody|another person changed/i.test(text))).toEqual([]);
});

test("no two pages have a message of the same name", () => {
  const all = catalogues.flatMap(({ en }) => Object.keys(en));
  expect(all.length).toBe(new Set(all).size);
});

test("every page's catalogue is one of the catalogues", () => {
  for (const language of ["en", "de"]) {
    const listed = ["", ".more"].map((part) => readFileSync(path.join(src, `i18n/${language}${part}.ts`), "utf8")).join("");
    for (const page of readdirSync(path.join(src, "pages"))) expect(listed).toContain(`pages/${page}/messages.${language}"`);
  }
});

test("every plural has both forms", () => {
  for (const { en } of catalogues) {
    const keys = Object.keys(en);
    for (const name of keys.filter((each) => each.endsWith("_one"))) {
      expect(keys).toContain(name.replace(/_one$/, "_other"));
    }
  }
});

test("a message has its values and its plural, and what is unknown stays as it is", () => {
  const t = translator("en", new Map(Object.entries({ rows_one: "{{count}} row", rows_other: "{{count}} rows", said: "{{who}} said {{what}}" })));
  expect([t("rows", { count: 1 }), t("rows", { count: 0 })]).toEqual(["1 row", "0 rows"]);
  expect(t("said", { who: "{{what}}", what: "$& no" })).toBe("{{what}} said $& no");
  expect(t("said", { who: "toString" })).toBe("toString said {{what}}");
  expect(t("absent")).toBe("absent");
});

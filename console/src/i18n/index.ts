/** The console's messages. Each page has its own catalogues beside it; a browser loads those of the language in use. */
import { useSyncExternalStore } from "react";

import { onPreferences, preferences } from "../preferences";
import type { catalogues as first } from "./en";
import type { catalogues as more } from "./en.more";
import { type Messages, translator } from "./translator";

export type Language = "en" | "de";

type Catalogues = typeof first & typeof more;
/** The names in each catalogue. */
type Stored = { [Name in keyof Catalogues]: keyof Catalogues[Name] & string }[keyof Catalogues];
type Base<Key> = Key extends `${infer Name}_one` ? Name : Key extends `${infer Name}_other` ? Name : Key;
/** The name of a message; a plural's `_one` and `_other` are chosen by `count`. */
export type MessageKey = Base<Stored> | Stored;
export type Values = Record<string, string | number>;
export type Translate = (key: MessageKey, values?: Values) => string;

interface Part {
  catalogues: Readonly<Record<string, Messages>>;
}

/** What the first page needs, and what comes with the others. */
const parts: Record<Language, readonly [() => Promise<Part>, () => Promise<Part>]> = {
  en: [() => import("./en"), () => import("./en.more")],
  de: [() => import("./de"), () => import("./de.more")],
};

/** The language that the person chose, else the browser's where the console has it. */
export function languageWanted(): Language {
  const { language } = preferences();
  if (language !== "system") return language;
  return typeof navigator !== "undefined" && navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

/** The language that is shown: the wanted one as soon as its messages are there. */
let shown = languageWanted();
const listeners = new Set<() => void>();
const messages: Record<Language, Map<string, string>> = { en: new Map(), de: new Map() };
const translators: Record<Language, Translate> = { en: translator("en", messages.en), de: translator("de", messages.de) };
const loaded = new Set<() => Promise<Part>>();
let isMoreWanted = false;

async function load(language: Language): Promise<void> {
  const [first, more] = parts[language];
  const missing = [first, ...(isMoreWanted ? [more] : [])].filter((part) => !loaded.has(part));
  for (const [part, { catalogues }] of await Promise.all(missing.map(async (part) => [part, await part()] as const))) {
    for (const catalogue of Object.values(catalogues)) {
      for (const [key, text] of Object.entries(catalogue)) messages[language].set(key, text);
    }
    loaded.add(part);
  }
}

/** A page with its messages: every page but the first one waits for both. */
export async function withMessages<Page>(page: Promise<Page>): Promise<Page> {
  isMoreWanted = true;
  const [found] = await Promise.all([page, load(shown), load(languageWanted())]);
  return found;
}

async function show(): Promise<void> {
  const language = languageWanted();
  await load(language);
  // A person may have chosen again meanwhile.
  if (language !== languageWanted()) return;
  shown = language;
  // For screen readers and hyphenation.
  document.documentElement.setAttribute("lang", language);
  for (const listener of listeners) listener();
}

/** Loads the messages, now and with each other choice. */
export async function applyLanguage(): Promise<void> {
  // Messages that cannot be loaded leave the language as it is.
  onPreferences(() => void show().catch(() => undefined));
  await show();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, () => shown);
}

export function useT(): Translate {
  return translators[useLanguage()];
}

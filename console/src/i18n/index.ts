/** The console's messages. Each page has its own catalogue beside it; `catalogues.ts` names them all. */
import i18next from "i18next";
import { useSyncExternalStore } from "react";

import { onPreferences, preferences } from "../preferences";
import { catalogues } from "./catalogues";

export type Language = "en" | "de";

type Stored = keyof (typeof catalogues)[number]["en"] & string;
type Keys<Catalogue> = Catalogue extends { en: infer En } ? keyof En & string : never;
type Base<Key> = Key extends `${infer Name}_one` ? Name : Key extends `${infer Name}_other` ? Name : Key;
/** The name of a message; a plural's `_one` and `_other` are chosen by `count`. */
export type MessageKey = Base<Keys<(typeof catalogues)[number]> | Stored>;
export type Values = Record<string, string | number>;
export type Translate = (key: MessageKey, values?: Values) => string;

function merged(language: Language): Record<string, string> {
  return Object.assign({}, ...catalogues.map((catalogue) => catalogue[language])) as Record<string, string>;
}

function wanted(): Language {
  const { language } = preferences();
  if (language !== "system") return language;
  return typeof navigator !== "undefined" && navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

void i18next.init({
  lng: wanted(),
  fallbackLng: "en",
  keySeparator: false,
  nsSeparator: false,
  initAsync: false,
  interpolation: { escapeValue: false },
  resources: { en: { translation: merged("en") }, de: { translation: merged("de") } },
});

const translators: Record<Language, Translate> = {
  en: i18next.getFixedT("en") as unknown as Translate,
  de: i18next.getFixedT("de") as unknown as Translate,
};

export function useLanguage(): Language {
  const language = useSyncExternalStore(onPreferences, wanted);
  return language;
}

export function useT(): Translate {
  return translators[useLanguage()];
}

/** Names the language of the document, for screen readers and hyphenation. */
export function applyLanguage(): void {
  const show = () => document.documentElement.setAttribute("lang", wanted());
  show();
  onPreferences(show);
}

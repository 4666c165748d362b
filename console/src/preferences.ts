/** What a person prefers, kept in this browser. */
import { useSyncExternalStore } from "react";

export interface Preferences {
  theme: "system" | "light" | "dark";
  times: "relative" | "absolute";
  zone: "local" | "utc";
  language: "system" | "en" | "de";
  density: "compact" | "roomy";
}

const NAME = "alims.preferences";
const DEFAULTS: Preferences = {
  theme: "system",
  times: "relative",
  zone: "local",
  language: "system",
  density: "compact",
};
const CHOICES: { [Name in keyof Preferences]: readonly Preferences[Name][] } = {
  theme: ["system", "light", "dark"],
  times: ["relative", "absolute"],
  zone: ["local", "utc"],
  language: ["system", "en", "de"],
  density: ["compact", "roomy"],
};

/** Reads what is stored; what this release does not know becomes the default. */
export function readPreferences(stored: string | null): Preferences {
  let found: unknown;
  try {
    found = JSON.parse(stored ?? "{}");
  } catch {
    found = {};
  }
  const of = (typeof found === "object" && found !== null ? found : {}) as Record<string, unknown>;
  const pick = <Name extends keyof Preferences>(name: Name): Preferences[Name] =>
    CHOICES[name].find((choice) => choice === of[name]) ?? DEFAULTS[name];
  return {
    theme: pick("theme"),
    times: pick("times"),
    zone: pick("zone"),
    language: pick("language"),
    density: pick("density"),
  };
}

let current = readPreferences(typeof localStorage === "undefined" ? null : localStorage.getItem(NAME));
const listeners = new Set<() => void>();

export function preferences(): Preferences {
  return current;
}

export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  localStorage.setItem(NAME, JSON.stringify(current));
  for (const listener of listeners) listener();
}

export function onPreferences(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(onPreferences, preferences);
}

/** Shows theme and density on the root element, where the tokens look for them. */
export function applyPreferences(): void {
  const show = () => {
    const root = document.documentElement;
    if (current.theme === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", current.theme);
    root.setAttribute("data-density", current.density);
  };
  show();
  onPreferences(show);
}

/** Saved views: names for filters, kept in this browser. */
import { useSyncExternalStore } from "react";

import { parseSearch, stringifySearch } from "../../search";
import { type BenchSearch, readBench } from "./search";

export interface View {
  name: string;
  search: BenchSearch;
}

const NAME = "alims.views";
const NAMES_MAX = 30;

/** Reads what is stored; what cannot be read is none. */
export function readViews(stored: string | null): View[] {
  try {
    const found: unknown = JSON.parse(stored ?? "[]");
    if (!Array.isArray(found)) return [];
    return found
      .filter(
        (each): each is { name: string; search: string } =>
          typeof each === "object" && each !== null && typeof each.name === "string" && typeof each.search === "string",
      )
      .map(({ name, search }) => ({ name, search: readBench(parseSearch(search)) }))
      .slice(0, NAMES_MAX);
  } catch {
    return [];
  }
}

let current: View[] = readViews(typeof localStorage === "undefined" ? null : localStorage.getItem(NAME));
const listeners = new Set<() => void>();

function keep(views: View[]): void {
  current = views;
  const stored = views.map(({ name, search }) => ({ name, search: addressOf(search) }));
  localStorage.setItem(NAME, JSON.stringify(stored));
  for (const listener of listeners) listener();
}

export function saveView(name: string, search: BenchSearch): void {
  keep([...current.filter((view) => view.name !== name), { name, search }].slice(-NAMES_MAX));
}

export function forgetView(name: string): void {
  keep(current.filter((view) => view.name !== name));
}

export function useViews(): View[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

export function addressOf(search: BenchSearch): string {
  return stringifySearch({ ...search });
}

/** Whether two views are the same filters, in whatever order they were chosen. */
export function same(one: BenchSearch, other: BenchSearch): boolean {
  const sorted = (search: BenchSearch) => [...new URLSearchParams(addressOf(search))].map(String).sort().join("&");
  return sorted(one) === sorted(other);
}

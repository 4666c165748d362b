/** Metadata as leaves that a person can edit, and the edits as a merge patch that names nothing else. */

import type { Json } from "../../parts/json";

export type { Json };

export interface Leaf {
  path: readonly string[];
  value: Json;
}

function isObject(value: Json): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every value that is no object, or an empty one. A list is one value, as a merge patch replaces it whole. */
export function leaves(value: Json, path: readonly string[] = []): Leaf[] {
  if (!isObject(value) || (Object.keys(value).length === 0 && path.length > 0)) return [{ path, value }];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]));
}

export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Reads what a person wrote where this value stood. A number stays a number; a text stays a text. */
export function valueOf(text: string, before: Json | undefined): Json | undefined {
  if (typeof before === "string") return text;
  const written = text.trim();
  if (before === undefined && !/^(-?\d|true$|false$|null$|[[{"])/.test(written)) return text;
  try {
    const value = JSON.parse(written.replace(/^(-?\d+),(\d+)$/, "$1.$2")) as Json;
    if (before !== undefined && before !== null && typeof value !== typeof before) return undefined;
    return value;
  } catch {
    return before === undefined ? text : undefined;
  }
}

export interface Edit {
  path: readonly string[];
  /** Absent: the value is removed. */
  value?: Json;
}

/** A merge patch (RFC 7396) of these edits alone. */
export function patchOf(edits: readonly Edit[]): { [name: string]: Json } {
  const patch = new Map<string, unknown>();
  for (const { path, value } of edits) {
    let at = patch;
    for (const name of path.slice(0, -1)) {
      const inner = at.get(name);
      const next = inner instanceof Map ? (inner as Map<string, unknown>) : new Map<string, unknown>();
      at.set(name, next);
      at = next;
    }
    const last = path.at(-1);
    if (last !== undefined) at.set(last, value ?? null);
  }
  return plain(patch);
}

function plain(map: Map<string, unknown>): { [name: string]: Json } {
  // An own member, whatever its name.
  return Object.fromEntries(
    [...map].map(([name, value]) => [name, value instanceof Map ? plain(value) : (value as Json)]),
  );
}

/** `results.glucose` as the names that lead to it. */
export function pathOf(text: string): string[] | undefined {
  const names = text.trim().split(".");
  return names.every((name) => name !== "") ? names : undefined;
}

export function pointerName(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(" › ");
}

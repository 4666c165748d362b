import { expect, test } from "vitest";

import { between, toggled } from "../../src/parts/Grid";

test("a span holds both ends, whichever comes first, and an end that is gone is none", () => {
  const ids = ["a", "b", "c", "d"];
  expect(between(ids, "b", "d")).toEqual(["b", "c", "d"]);
  expect(between(ids, "d", "b")).toEqual(["b", "c", "d"]);
  expect(between(ids, "gone", "c")).toEqual(["c"]);
  expect(between(ids, "gone", "lost")).toEqual([]);
});

test("toggling changes a copy", () => {
  const before = new Set(["a"]);
  expect(toggled(before, "b")).toEqual(new Set(["a", "b"]));
  expect(toggled(before, "a")).toEqual(new Set());
  expect(before).toEqual(new Set(["a"]));
});

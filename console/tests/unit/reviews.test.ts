import { expect, test } from "vitest";

import { isPartial, reviewable, wholeUntil } from "../../src/pages/audit/review";
import { sizeText } from "../../src/pages/exports/exports";
import { readExports } from "../../src/pages/exports/search";

const now = Date.parse("2026-11-30T00:00:00.000Z");

test("a period that goes on is reviewed until a minute ago, and one that is over as it is", () => {
  const [from, to] = ["2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"];
  expect(reviewable({}, { from, to }, now)).toEqual({ from, to });
  expect(reviewable({ principal: "alice" }, { from }, now)).toEqual({ from, to: "2026-11-29T23:58:45.000Z", principal: "alice" });
  expect(reviewable({}, { to }, now)).toEqual({ from: "2026-11-01T00:00:00.000Z", to });
  expect(reviewable({}, { from: "2026-11-29T23:59:30.000Z" }, now)).toBeUndefined();
});

test("whole reviews reach as far as there is no hole between them, and parts count for nothing", () => {
  const day = (from: number, to: number, more = {}) => ({ from: `2026-11-0${from}T00:00:00.000Z`, to: `2026-11-0${to}T00:00:00.000Z`, ...more });
  expect(wholeUntil([day(3, 4), day(1, 2), day(2, 3)])).toBe(day(1, 4).to);
  expect(wholeUntil([day(1, 2), day(3, 4)])).toBe(day(1, 2).to);
  expect(wholeUntil([day(1, 5), day(2, 3)])).toBe(day(1, 5).to);
  expect(wholeUntil([day(1, 2, { kind: "WorkflowReleased" })])).toBeUndefined();
  expect([isPartial({}), isPartial({ principal: "alice" }), isPartial({ kind: "x" })]).toEqual([false, true, true]);
});

test("an export and a workflow are named in the address, and what is no id is left out", () => {
  expect(readExports({ export: "export-1", workflow: "w-1", period: "week" })).toEqual({ export: "export-1", workflow: "w-1", period: "week" });
  for (const id of ["a/b", "", "x".repeat(129), undefined]) expect(readExports({ export: id })).toEqual({});
});

test("a size has the unit that fits", () => {
  expect([0, 1023, 1536, 5 * 1024 ** 3].map((bytes) => sizeText(bytes, "en"))).toEqual(["0 byte", "1,023 byte", "1.5 kB", "5 GB"]);
});

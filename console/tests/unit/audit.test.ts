import { expect, test } from "vitest";

import { readAudit, spanOf } from "../../src/pages/audit/search";
import { readRules } from "../../src/pages/rules/search";

test("the audit's filters are read from an address, and what is none is left out", () => {
  expect(readAudit({ period: "week", principal: "alice", kind: "WorkflowReleased" })).toEqual({
    period: "week",
    principal: "alice",
    kind: "WorkflowReleased",
  });
  for (const period of ["toString", "", ["x", "y"], 7]) expect(readAudit({ period })).toEqual({});
  expect(readAudit({ kind: "Nothing", principal: "x".repeat(257), from: "yesterday" })).toEqual({});
});

test("two instants say more than a period", () => {
  expect(readAudit({ period: "week", from: "2026-11-01T00:00:00Z" })).toEqual({ from: "2026-11-01T00:00:00.000Z" });
});

test("a period ends now, and the longest stays below what the service takes", () => {
  const now = Date.parse("2026-11-30T00:00:00.000Z");
  expect(spanOf({}, now)).toEqual({ from: "2026-11-29T00:00:00.000Z" });
  expect(spanOf({ period: "month" }, now)).toEqual({ from: "2026-10-31T00:00:00.000Z" });
  expect(spanOf({ to: "2026-11-01T00:00:00.000Z" }, now)).toEqual({ to: "2026-11-01T00:00:00.000Z" });
});

test("the rules are tried on what can be a workflow's id", () => {
  expect(readRules({ try: "sample-1" })).toEqual({ try: "sample-1" });
  for (const id of ["", "..", "a/b", "x".repeat(129), "a b", undefined]) expect(readRules({ try: id })).toEqual({});
});

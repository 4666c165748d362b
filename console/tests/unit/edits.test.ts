import { describe, expect, test } from "vitest";

import type { Workflow } from "../../src/api/client";
import { type Json, leaves, patchOf, pathOf, pointerName, valueOf } from "../../src/pages/workflow/data";
import { amendmentOf, begin, isLabel, isSound } from "../../src/pages/workflow/edits";

const workflow = {
  workflow_id: "w-1",
  metadata: { sample_id: "S-1", results: { na: 140, ok: true, runs: [1, 2] }, empty: {} },
  assignee: "alice",
} as unknown as Workflow;

test("every value is a leaf once, and a list is one value", () => {
  expect(leaves(workflow.metadata as Json).map(({ path }) => path.join("."))).toEqual([
    "sample_id",
    "results.na",
    "results.ok",
    "results.runs",
    "empty",
  ]);
  expect(leaves({})).toEqual([]);
});

describe("a value that a person wrote", () => {
  test("stays of the kind that it was", () => {
    expect(valueOf("7", "6")).toBe("7");
    expect(valueOf("7.5", 6)).toBe(7.5);
    expect(valueOf("7,5", 6)).toBe(7.5);
    expect(valueOf("much", 6)).toBeUndefined();
    expect(valueOf("yes", true)).toBeUndefined();
  });

  test("is a number or a text when it is new", () => {
    expect(valueOf("12.5", undefined)).toBe(12.5);
    expect(valueOf("S-2026-1", undefined)).toBe("S-2026-1");
    expect(valueOf("2026-11-28", undefined)).toBe("2026-11-28");
    expect(valueOf("true", undefined)).toBe(true);
  });
});

test("a patch names what changed and nothing else", () => {
  const edits = begin(workflow);
  const fields = edits.fields.map((field) => {
    if (field.path.at(-1) === "na") return { ...field, text: "141" };
    return field.path.at(-1) === "ok" ? { ...field, isRemoved: true } : field;
  });
  const amendment = amendmentOf({ ...edits, fields, additions: [{ name: "results.k", text: "4.1" }], reason: " r " }, workflow);
  expect(amendment).toEqual({ reason: "r", metadata: { results: { na: 141, ok: null, k: 4.1 } } });
});

test("without a change it is a remark", () => {
  expect(amendmentOf({ ...begin(workflow), reason: "seen" }, workflow)).toEqual({ reason: "seen" });
});

test("an emptied assignee is removed", () => {
  expect(amendmentOf({ ...begin(workflow), assignee: " ", reason: "r" }, workflow)).toEqual({ reason: "r", assignee: null });
});

test("a name that objects have already is a name like any other", () => {
  const patch = patchOf([{ path: ["__proto__", "x"], value: 1 }]);
  expect(JSON.stringify(patch)).toBe('{"__proto__":{"x":1}}');
});

test("names are separated by points, and pointers are read", () => {
  expect(pathOf("results.na")).toEqual(["results", "na"]);
  expect(pathOf("results..na")).toBeUndefined();
  expect(pathOf("")).toBeUndefined();
  expect(pointerName("/metadata/a~1b~0")).toBe("metadata › a/b~");
});

test("a field that no longer holds its kind is not sound", () => {
  const [field] = begin(workflow).fields.filter(({ path }) => path.at(-1) === "na");
  expect(field && isSound({ ...field, text: "x" })).toBe(false);
  expect(field && isSound({ ...field, text: "x", isRemoved: true })).toBe(true);
});

test("labels are changed, added and removed by name, and untouched ones stay out", () => {
  const labelled = { ...workflow, labels: { batch: "B-1", sample: "S-1" } } as Workflow;
  const [batch, sample] = begin(labelled).labels;
  if (batch === undefined || sample === undefined) throw new Error("two labels");
  const edited = (labels: typeof batch[]) => amendmentOf({ ...begin(labelled), labels, reason: "r" }, labelled).labels;
  expect(edited([batch, sample])).toBeUndefined();
  expect(edited([{ ...batch, value: "" }, sample, { name: "lot", value: " L " }])).toEqual({ batch: null, lot: "L" });
  expect(JSON.stringify(edited([{ name: "__proto__", value: "x" }]))).toBe('{"__proto__":"x"}');
  expect([{ name: "Lot", value: "L" }, { name: "lot", value: " " }, { name: "", value: "x" }].map(isLabel)).toEqual([false, false, false]);
  expect([batch, { name: "", value: "" }].map(isLabel)).toEqual([true, true]);
});

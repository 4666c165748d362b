import { expect, test } from "vitest";

import type { Summary } from "../../src/api/client";
import { type Item, type Result, asItNowIs, kindOf, merged, ordersOf, sorted, toldOf } from "../../src/pages/bench/act";
import { csvOf, orderOf } from "../../src/pages/bench/list";

const problem = { type: "", title: "", status: 409, detail: "It changed.", request_id: "r" };
const conflict = {
  workflow_id: "w-2",
  outcome: "refused",
  status: 409,
  problem: { ...problem, code: "version-conflict", version: 4, current_state: "PAUSED" },
} as Result;
const refused = {
  workflow_id: "w-3",
  outcome: "refused",
  status: 422,
  problem: { ...problem, code: "rule-violation", reasons: [{ rule_id: "r", message: "Enter results." }] },
} as Result;
const lost = { workflow_id: "w-4", outcome: "not-reached", status: 503, problem: { ...problem, code: "not-reached" } } as Result;
const moved = { workflow_id: "w-1", outcome: "moved", status: 200 } as Result;

test("a result is of the kind by what a person can do about it", () => {
  expect([moved, lost, refused, conflict].map(kindOf)).toEqual(["moved", "again", "refused", "conflict"]);
});

test("a refusal speaks with the rule's words, or with the problem's", () => {
  const sentences = (result: Result) => toldOf(result, (key) => key, ({ detail }) => detail).sentences;
  expect(sentences(refused)).toEqual(["Enter results."]);
  expect(sentences(lost)).toEqual(["It changed."]);
  expect(sentences(moved)).toEqual([]);
  // Its version and state stand in place of a sentence.
  expect(sentences(conflict)).toEqual([]);
});

test("a conflict is decided again at the version that stands now", () => {
  expect(asItNowIs(conflict)).toEqual({ workflowId: "w-2", version: 4, state: "PAUSED" });
  expect(asItNowIs(refused)).toBeUndefined();
});

test("a later answer takes the place of the one before it, and the others stay", () => {
  const all = merged(merged(new Map(), [moved, lost, refused]), [{ ...lost, outcome: "moved", status: 200 } as Result]);
  expect([...all.values()].map(kindOf)).toEqual(["moved", "moved", "refused"]);
});

test("what is repeated is the same request with the same name", () => {
  const [first, second] = ["k-1", "k-2"].map((key) => ({ key, decision: { target: "PAUSED" as const, reason: key } }));
  const item = (workflowId: string): Item => ({ workflowId, version: 1, state: "ACTIVE" });
  const asked = new Map([["a", first], ["b", second], ["c", first], ["d", first]].map(([id, order]) => [id as string, { item: item(id as string), order: order as NonNullable<typeof first> }]));
  expect([...ordersOf(new Set(["a", "b", "c", "unknown"]), asked)]).toEqual([[first, [item("a"), item("c")]], [second, [item("b")]]]);
});

test("what the lifecycle forbids stays out of the request", () => {
  const items: Item[] = [
    { workflowId: "a", version: 1, state: "CREATED" },
    { workflowId: "b", version: 3, state: "COMPLETED" },
  ];
  expect(sorted(items, "ACTIVE").can.map(({ workflowId }) => workflowId)).toEqual(["a"]);
  expect(sorted(items, "ACTIVE").cannot.map(({ workflowId }) => workflowId)).toEqual(["b"]);
});

test("the order is one that the service can give", () => {
  expect(orderOf({})).toBe("created");
  expect(orderOf({ overdue: "true" })).toBe("due");
  expect(orderOf({ label: ["a:b"], order: "due" })).toBe("created");
});

test("a copied table holds every label, and no formula", () => {
  const row = {
    workflow_id: "w-1",
    workflow_type: "t",
    current_state: "ACTIVE",
    published_version: 2,
    created_at: "2026-11-28T00:00:00.000Z",
    updated_at: "2026-11-28T00:00:00.000Z",
    created_by: "=cmd()",
  } as Summary;
  const [head, first, second] = csvOf([{ ...row, labels: { note: 'say "hi", twice' } }, row]).split("\r\n");
  expect(head?.endsWith(",label:note")).toBe(true);
  expect(first?.endsWith(',"say ""hi"", twice"')).toBe(true);
  expect(second).toContain(",'=cmd(),");
});

import { describe, expect, test } from "vitest";

import { readBench } from "../../src/pages/bench/search";
import { readViews, same } from "../../src/pages/bench/views";
import { parseSearch, stringifySearch } from "../../src/search";
import { atOnce, suggestions } from "../../src/shell/suggestions";

describe("filters in the address", () => {
  test("come back as they were written", () => {
    const search = { state: ["ACTIVE", "PAUSED"], label: ["sample:S-2026-0042", "note:50 % & more"], assignee: "a+b" };
    expect(parseSearch(stringifySearch(search))).toEqual({ ...search });
  });

  test("keep only what this release knows", () => {
    const asked = "?state=ACTIVE&state=LOST&label=nocolon&label=batch:B-1&type=Not%20a%20type&order=random&due_before=soon&x=1";
    expect(readBench(parseSearch(asked))).toEqual({ state: ["ACTIVE"], label: ["batch:B-1"] });
  });

  test("have at most the labels that the service takes", () => {
    const label = Array.from({ length: 12 }, (_, index) => `l${index}:x`);
    expect(readBench({ label }).label).toHaveLength(10);
  });

  test("are the same view in any order", () => {
    expect(same({ assignee: "a", overdue: "true" }, { overdue: "true", assignee: "a" })).toBe(true);
    expect(same({ assignee: "a" }, { assignee: "b" })).toBe(false);
  });
});

test("stored views that cannot be read are none", () => {
  for (const stored of [null, "", "{", "{}", "[1,null]", '[{"name":1,"search":""}]']) expect(readViews(stored)).toEqual([]);
  expect(readViews('[{"name":"Mine","search":"?assignee=alice"}]')).toEqual([
    { name: "Mine", search: { assignee: "alice" } },
  ]);
});

describe("the search", () => {
  const known = {
    workflowIds: new Set(["w-1"]),
    labelNames: ["sample", "batch"],
    labels: new Set(["batch:B-7"]),
    assignees: new Set(["alice"]),
  };
  const kinds = (text: string) => suggestions(text, known).map(({ id }) => id);

  test("offers what was seen first, then what is possible", () => {
    expect(kinds("B-7")).toEqual(["label batch:B-7", "label sample:B-7", "workflow B-7"]);
    expect(kinds("w-1")[0]).toBe("workflow w-1");
    expect(kinds("alice")[0]).toBe("assignee alice");
  });

  test("finds a part of an id or of a label, and says what it has not seen", () => {
    const many = { ...known, workflowIds: new Set(["sample-118-07", "sample-118-17"]), labels: new Set(["sample:S-118-17"]) };
    const found = suggestions("118-17", many);
    expect(found.map(({ id, isSeen }) => [id, isSeen])).toEqual([
      ["workflow sample-118-17", true],
      ["label sample:S-118-17", true],
      ["label sample:118-17", false],
      ["label batch:118-17", false],
      ["workflow 118-17", false],
    ]);
  });

  test("Enter leads to what was seen or written whole, and to nothing else", () => {
    expect(atOnce(suggestions("B-7", known), "B-7")?.id).toBe("label batch:B-7");
    expect(atOnce(suggestions("lot:L 9", known), "lot:L 9")?.id).toBe("label lot:L 9");
    expect(atOnce(suggestions("unseen", known), "unseen")).toBeUndefined();
  });

  test("takes a written label", () => {
    expect(kinds("lot:L 9")).toContain("label lot:L 9");
  });

  test("offers nothing for nothing, and no workflow that cannot be one", () => {
    expect(kinds("  ")).toEqual([]);
    expect(kinds("a/b")).not.toContain("workflow a/b");
    expect(kinds("x".repeat(129)).filter((id) => id.startsWith("workflow"))).toEqual([]);
  });
});

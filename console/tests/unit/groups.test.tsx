/** The results of many: equal refusals share a row on the bench, where many are signed, and under Operate. */
import { RouterContextProvider, createMemoryHistory, createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test, vi } from "vitest";

import { Problem, unreachable } from "../../src/api/problem";
import type { Translate } from "../../src/i18n";
import { common } from "../../src/i18n/common.en";
import { translator } from "../../src/i18n/translator";
import * as bench from "../../src/pages/bench/act";
import { act } from "../../src/pages/bench/act.en";
import * as operate from "../../src/pages/operate/many";
import { ResultsTable, Summary } from "../../src/parts/ResultsTable";
import { type Group, type Look, byUrgency, countOf, grouped, sentencesOf } from "../../src/parts/groups";
import * as signing from "../../src/signing/signing";

vi.mock("../../src/i18n", () => ({ useT: () => translator("en", new Map(Object.entries({ ...act, ...common }))) }));

const t: Translate = (key) => key;
const detailOf = ({ detail }: { detail: string }) => detail;
const words = ({ title, detail }: { title: string; detail: string }) => ({ title, detail });

function problem(code: string, status: number, detail: string, request_id = "r"): Problem {
  return new Problem({ code, status, title: "T", detail, request_id });
}

function told<Result>(groups: readonly Group<Result>[], idOf: (result: Result) => string) {
  return groups.map(({ look, sentences, results, requestId }) => [look, sentences, results.map(idOf), ...(requestId === undefined ? [] : [requestId])]);
}

describe("equal refusals are one group, and everything else stands alone", () => {
  test("on the bench", () => {
    const result = (workflow_id: string, outcome: string, code?: string, detail?: string) =>
      ({ workflow_id, outcome, status: 0, ...(code !== undefined && { problem: { code, detail, title: "T", request_id: "r" } }) }) as bench.Result;
    const results = [
      result("m1", "moved"),
      result("r1", "refused", "forbidden", "No."),
      result("m2", "moved"),
      result("r2", "refused", "forbidden", "No."),
      result("r3", "refused", "forbidden", "Not now."),
      result("a1", "not-reached", "not-reached", "Later."),
      result("a2", "not-reached", "not-reached", "Later."),
    ];
    const groups = byUrgency(grouped(results, (each) => bench.toldOf(each, t, detailOf)));
    expect(told(groups, (each) => each.workflow_id)).toEqual([
      ["refused", ["No."], ["r1", "r2"], "r"],
      ["refused", ["Not now."], ["r3"], "r"],
      ["again", ["Later."], ["a1"], "r"],
      ["again", ["Later."], ["a2"], "r"],
      ["good", [], ["m1"]],
      ["good", [], ["m2"]],
    ]);
  });

  test("where many are signed", () => {
    const outcomes = new Map<string, signing.Outcome>([
      ["r1", signing.outcomeOf(problem("rule-violation", 422, "No.", "r-1"))],
      ["u1", signing.outcomeOf(problem("out-of-time", 503, "Later.", "r-2"))],
      ["u2", signing.outcomeOf(problem("out-of-time", 503, "Later.", "r-3"))],
      ["r2", signing.outcomeOf(problem("rule-violation", 422, "No.", "r-4"))],
      ["c1", signing.outcomeOf(problem("version-conflict", 412, "It changed."))],
      ["c2", signing.outcomeOf(problem("version-conflict", 412, "It changed."))],
      ["x1", signing.outcomeOf(new TypeError("x is undefined"))],
      ["n1", signing.outcomeOf(unreachable())],
    ]);
    const all = [...outcomes].map(([id, outcome]) => ({ id, outcome }));
    const groups = byUrgency(grouped(all, (each) => signing.toldOf(each, t, detailOf)));
    expect(told(groups, ({ id }) => id)).toEqual([
      ["conflict", ["sign.is.changed.text"], ["c1"]],
      ["conflict", ["sign.is.changed.text"], ["c2"]],
      ["refused", ["No."], ["r1", "r2"], "r-1"],
      ["again", ["Later."], ["u1"], "r-2"],
      ["again", ["Later."], ["u2"], "r-3"],
      ["again", ["problem.console.title", "x is undefined"], ["x1"]],
      ["again", ["problem.unreachable.title", "move.lost"], ["n1"]],
    ]);
  });

  test("where many are recovered or their events are sent again", () => {
    const recovery = (status: string, more: object = {}) => ({ is: "recovery", report: { status, steps: [], ...more } }) as unknown as operate.Outcome;
    const reasons = [{ rule_id: "r", message: "Enter results." }];
    const outcomes: [string, operate.Outcome][] = [
      ["d1", { is: "failed", error: problem("forbidden", 403, "No.", "r-1") }],
      ["w1", { is: "waits" }],
      ["w2", { is: "runs" }],
      ["n1", recovery("refused", { reasons })],
      ["d2", { is: "failed", error: problem("forbidden", 403, "No.", "r-2") }],
      ["n2", recovery("refused", { reasons })],
      ["g1", recovery("gave-up", { error: "out of time" })],
      ["l1", { is: "failed", error: problem("out-of-time", 503, "Later.", "r-3") }],
      ["l2", { is: "failed", error: problem("out-of-time", 503, "Later.", "r-3") }],
      ["s1", recovery("running")],
      ["o1", recovery("recovered")],
      ["o2", recovery("recovered")],
      ["x1", { is: "failed", error: new TypeError("x is undefined") }],
      ["x2", { is: "failed", error: unreachable() }],
      ["e1", { is: "replayed", events: 3 }],
    ];
    const groups = grouped(outcomes.map(([id, outcome]) => ({ id, outcome })), (each) => operate.toldOf(each, t, words));
    expect(told(groups, ({ id }) => id)).toEqual([
      ["refused", ["T", "No."], ["d1", "d2"], "r-1"],
      ["waits", [], ["w1"]],
      ["waits", [], ["w2"]],
      ["refused", ["Enter results."], ["n1", "n2"]],
      ["refused", ["out of time"], ["g1"]],
      ["again", ["T", "Later."], ["l1"], "r-3"],
      ["again", ["T", "Later."], ["l2"], "r-3"],
      ["waits", [], ["s1"]],
      ["good", [], ["o1"]],
      ["good", [], ["o2"]],
      // A fault of the console, or a lost connection, says nothing of what the service would do.
      ["again", ["", "x is undefined"], ["x1"]],
      ["again", [""], ["x2"]],
      ["good", [], ["e1"]],
    ]);
  });
});

test("what needs a person comes first, and results of a kind are counted over their groups", () => {
  const looks: Look[] = ["good", "waits", "again", "refused", "conflict", "refused"];
  const groups = byUrgency(grouped(looks.map((look) => ({ look })), ({ look }) => ({ look, outcome: look, sentences: [] })));
  expect(groups.map(({ look }) => look)).toEqual(["conflict", "refused", "again", "waits", "good"]);
  expect([countOf(groups, "refused"), countOf(groups, "good")]).toEqual([2, 1]);
});

test("the same sentence under another outcome is another group", () => {
  const results = ["a", "b"].map((outcome) => ({ look: "refused" as const, outcome, sentences: ["No."] }));
  expect(grouped(results, (each) => each)).toHaveLength(2);
});

test("a refusal speaks with each rule's words, else with the problem's detail, else with its title", () => {
  const body = { code: "c", status: 422, title: "Title", detail: "Detail" };
  const reasons = ["One.", "Two.", "One."].map((message) => ({ rule_id: message, message }));
  expect(sentencesOf({ ...body, reasons }, detailOf)).toEqual(["One.", "Two."]);
  expect(sentencesOf({ ...body, reasons: [] }, detailOf)).toEqual(["Detail"]);
  expect(sentencesOf({ ...body, detail: "" }, detailOf)).toEqual(["Title"]);
});

describe("the table", () => {
  const root = createRootRoute();
  const workflow = createRoute({ getParentRoute: () => root, path: "/workflow/$id" });
  const router = createRouter({ routeTree: root.addChildren([workflow]), history: createMemoryHistory() });
  const drawn = (groups: readonly Group<{ id: string }>[]) =>
    renderToStaticMarkup(
      <RouterContextProvider router={router}>
        <ResultsTable groups={groups} idOf={({ id }) => id} why="Why" more={({ id }) => <i>{id}</i>} />
      </RouterContextProvider>,
    );

  test("shows a message once, with the count and a link to each workflow", () => {
    const html = drawn([{ look: "refused", outcome: "Refused", sentences: ["No."], results: [{ id: "w/1" }, { id: "w2" }] }]);
    expect(html.match(/<p>No\.<\/p>/g)).toHaveLength(1);
    expect(html).toContain("2 × Refused");
    expect([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual(["/workflow/w%2F1", "/workflow/w2"]);
    expect(html).toMatch(/<i>w\/1<\/i>/);
    // It scrolls, so the keyboard reaches it, and a screen reader knows what it is.
    expect(html).toContain('tabindex="0" role="group" aria-label="Results"');
  });

  test("a refusal of one workflow shows the number of its request, and one row for several shows none", () => {
    const refused = { look: "refused" as const, outcome: "Refused", sentences: ["No."], requestId: "r-1" };
    expect(drawn([{ ...refused, results: [{ id: "w1" }] }])).toContain("Request <code>r-1</code>");
    expect(drawn([{ ...refused, results: [{ id: "w1" }, { id: "w2" }] }])).not.toContain("r-1");
  });

  test("a result of its own has no count", () => {
    expect(drawn([{ look: "good", outcome: "Moved", sentences: [], results: [{ id: "w1" }] }])).not.toContain("×");
  });

  test("the counts are announced, and what did not happen is not counted", () => {
    const html = renderToStaticMarkup(
      <Summary
        counts={[
          { look: "good", count: 0, text: "0 moved" },
          { look: "refused", count: 2, text: "2 refused" },
        ]}
      />,
    );
    expect(html).toContain('role="status"');
    expect(html).toContain("2 refused");
    expect(html).not.toContain("0 moved");
  });
});

import { expect, test } from "vitest";

import type { Schemas, Summary } from "../../src/api/client";
import { translator } from "../../src/i18n/translator";
import { dayOf, recoveriesOf, waitingOf } from "../../src/pages/operate/day";
import { foundBy } from "../../src/pages/operate/found";
import { type Outcome, isGood, workOnAll } from "../../src/pages/operate/many";
import { operate as german } from "../../src/pages/operate/messages.de";
import { operate as english } from "../../src/pages/operate/messages.en";
import { readOperate } from "../../src/pages/operate/search";

type Entry = Schemas["ActivityEntry"];

const NOW = Date.parse("2026-11-28T12:30:00.000Z");

function entry(kind: string, at: string, more: Record<string, unknown> = {}, id = "a"): Entry {
  const event_type = kind.startsWith("Recovery") ? "RecoveryAttempt" : kind;
  return { at, kind, workflow_id: id, entry: { event_type, ...more } } as unknown as Entry;
}

function row(workflow_id: string, published_version: number): Summary {
  return { workflow_id, published_version } as Summary;
}

test("a day is counted by hours of the clock, and what is older than its first hour is not", () => {
  const day = dayOf(
    [
      entry("WorkflowCreated", "2026-11-28T12:00:00.000Z"),
      entry("WorkflowTransitionRefused", "2026-11-28T11:59:59.999Z"),
      entry("WorkflowAmended", "2026-11-27T13:00:00.000Z"),
      entry("WorkflowCreated", "2026-11-27T12:45:00.000Z"),
      entry("RecoveryRequested", "2026-11-28T10:00:00.000Z", { trigger: "sweep" }),
      entry("RecoveryRequested", "2026-11-28T10:00:00.000Z", { trigger: "__proto__" }),
      entry("OfANewerKind", "2026-11-28T10:00:00.000Z"),
    ],
    NOW,
    true,
  );
  expect(day.hours.length).toBe(24);
  expect(day.hours.at(-1)).toMatchObject({ done: 1, refused: 0 });
  expect(day.hours.at(-2)).toMatchObject({ done: 0, refused: 1 });
  expect(day.hours[0]).toMatchObject({ done: 1 });
  expect(day).toMatchObject({ done: 2, refused: 1, started: { sweep: 1, failure: 0, request: 0 } });
});

test("a day that was not counted whole says since when it was", () => {
  expect(dayOf([entry("WorkflowCreated", "2026-11-28T09:00:00.000Z")], NOW, false).since).toBe(
    Date.parse("2026-11-28T09:00:00.000Z"),
  );
});

test("what the log has and the lists do not waits, and the oldest comes first", () => {
  const entries = [
    entry("WorkflowStateChanged", "2026-11-28T12:02:00.000Z", { version: 3 }, "behind"),
    entry("WorkflowStateChanged", "2026-11-28T12:01:00.000Z", { version: 2 }, "behind"),
    entry("WorkflowCreated", "2026-11-28T12:00:00.000Z", { version: 1 }, "absent"),
    entry("WorkflowCreated", "2026-11-28T12:00:00.000Z", { version: 1 }, "shown"),
    entry("WorkflowTransitionRefused", "2026-11-28T12:00:00.000Z", { version: 9 }, "shown"),
    entry("WorkflowStateChanged", "2026-11-28T12:00:00.000Z", { version: 2 }, "quarantined"),
  ];
  expect(waitingOf(entries, [row("behind", 1), row("shown", 1), { ...row("quarantined", 1), quarantined: true }])).toEqual([
    { workflowId: "absent", version: 1, published: undefined, since: Date.parse("2026-11-28T12:00:00.000Z") },
    { workflowId: "behind", version: 3, published: 1, since: Date.parse("2026-11-28T12:01:00.000Z") },
  ]);
});

test("a recovery without an end runs, and only a newest end that was not good is shown", () => {
  const at = "2026-11-28T12:00:00.000Z";
  const requested = [
    entry("RecoveryRequested", at, { recovery_id: "r1" }, "runs"),
    entry("RecoveryRequested", at, { recovery_id: "r2" }, "well"),
    entry("RecoveryRequested", at, { recovery_id: "r3" }, "badly"),
  ];
  const ended = [
    entry("RecoveryEnded", at, { recovery_id: "r2", status: "recovered" }, "well"),
    entry("RecoveryEnded", at, { recovery_id: "r0", status: "gave-up" }, "well"),
    entry("RecoveryEnded", at, { recovery_id: "r3", status: "refused" }, "badly"),
  ];
  const found = recoveriesOf(requested, ended).map(({ workflowId, attempt }) => [workflowId, attempt.status]);
  expect(found).toEqual([
    ["runs", "running"],
    ["badly", "refused"],
  ]);
});

test("every one of many has a result, and one that fails stops no other", async () => {
  const ids = Array.from({ length: 9 }, (_, at) => `w${at}`);
  const last = new Map<string, Outcome>();
  const work = async (id: string): Promise<Outcome> => {
    if (id === "w3") throw new Error("no");
    return { is: "replayed", events: 1 };
  };
  await workOnAll(ids, work, (id, outcome) => last.set(id, outcome));
  expect([...last.keys()].sort()).toEqual(ids);
  expect([...last].filter(([, outcome]) => !isGood(outcome)).map(([id]) => id)).toEqual(["w3"]);
});

test("a list that no release has is the first one", () => {
  expect(readOperate({ list: "failed" })).toEqual({ list: "failed" });
  for (const list of ["quarantined", "toString", ["x"], 3, undefined]) expect(readOperate({ list })).toEqual({});
});

test("what found a break is said in words, and an operation of another release keeps its name", () => {
  const told = (messages: Record<string, string>) =>
    ["publish-events", "sweep-workflows", "recovery-step", "look-again"].map((by) => foundBy(by, translator("en", new Map(Object.entries(messages)))));
  expect(told(english)).toEqual(["found by the publisher", "found by the sweep", "found by a recovery", "found by look-again"]);
  expect(told(german)).toEqual(["gefunden beim Veröffentlichen", "gefunden vom Rundgang", "gefunden von einer Wiederherstellung", "gefunden von look-again"]);
});

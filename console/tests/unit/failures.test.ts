/** Failures by their codes, problems in the person's language, and what is wrong while it is asked again. */
import { expect, test } from "vitest";

import type { Summary } from "../../src/api/client";
import { CODE, codesIn, codesOf, sentencesOn } from "../../src/api/failures";
import { Problem, unreachable } from "../../src/api/problem";
import { isCancelled } from "../../src/auth/cancelled";
import type { Translate } from "../../src/i18n";
import { problems } from "../../src/i18n/problems.de";
import { peopleOf } from "../../src/pages/audit/people";
import { byCode, codesOf as groups } from "../../src/pages/operate/Failed";
import { isDown, troubleOf } from "../../src/pages/operate/Waits";
import { isCode } from "../../src/parts/FailureFields";
import { mayLoadAgain } from "../../src/parts/arrival";
import { wordsOf } from "../../src/parts/problemWords";

const failure = (code: string) => ({ code, message: "m", retryable: false });

test("the codes that were seen are suggested, the most frequent first", () => {
  const entries = ["b", "a", "b"].map((code) => ({ entry: { failure: failure(code) } }));
  expect(codesOf([...entries, { entry: {} }])).toEqual(["b", "a"]);
  expect(["instrument-error", "a b", "", "x".repeat(65)].map((code) => CODE.test(code))).toEqual([true, false, false, false]);
  expect([{}, { code: " " }, { code: " lamp " }].map(isCode)).toEqual([false, false, true]);
});

test("the codes that a rule lists are suggested too, and its sentence is the hint", () => {
  const message = "Give a known failure.code: instrument-error, power-loss or other. Ask the supervisor.";
  expect(codesIn(message)).toEqual(["instrument-error", "power-loss", "other"]);
  expect(codesIn("Enter a result.")).toEqual([]);
  const rule = (text: string, to_state: "FAILED" | "PAUSED") => ({ rule_id: text, message: text, amendments: false, signatures: false, moves: [{ from_state: "ACTIVE" as const, to_state }] });
  const set = { ruleset: "laboratory", ruleset_version: "3", workflow_types: [], rules: [rule(message, "FAILED"), rule(message, "PAUSED"), rule("Other.", "FAILED")] };
  expect(sentencesOn([set])).toEqual([message]);
});

test("the failed stand by code, and those without one come last", () => {
  const rows = ["w1", "w2", "w3", "w4"].map((workflow_id) => ({ workflow_id }) as Summary);
  const failures = new Map([["w1", failure("lamp")], ["w3", failure("pump")], ["w4", failure("pump")]]);
  expect(byCode(rows, failures).map((row) => row.workflow_id)).toEqual(["w3", "w4", "w1", "w2"]);
  expect(groups(["w1", "w2", "w3", "w4"], failures)).toEqual([
    { code: "pump", ids: ["w3", "w4"] },
    { code: "lamp", ids: ["w1"] },
    { code: undefined, ids: ["w2"] },
  ]);
  expect(byCode(rows, undefined)).toBe(rows);
});

test("a known problem appears in the person's language, beside the service's words where they say more, an unknown one in the service's words", () => {
  const german: Translate = (key) => (problems as Record<string, string>)[key] ?? key;
  const said = { code: "forbidden", status: 403, title: "Forbidden", detail: "No policy permits it." };
  expect(wordsOf(said, german, "de")).toEqual({ title: "Nicht erlaubt", detail: "Ihre Rollen erlauben das nicht.", isTheirs: false });
  const large = { code: "payload-too-large", status: 413, title: "Payload too large", detail: "The body exceeds the limit of 65536 bytes." };
  expect(wordsOf(large, german, "de").original).toBe(large.detail);
  const newer = { code: "of-a-newer-release", status: 400, title: "New", detail: "Something new." };
  expect(wordsOf(newer, german, "de")).toEqual({ title: "New", detail: "Something new.", isTheirs: true });
  expect(wordsOf(said, (key) => key, "en")).toEqual({ title: "Forbidden", detail: "No policy permits it.", isTheirs: true });
});

test("an answer that only has a status is shown with it", () => {
  const t: Translate = (key, values = {}) => (key === "problem.unknown.title" ? `answered ${values.status}` : key);
  expect(wordsOf({ code: "unknown", status: 502, title: "502", detail: "" }, t, "en").title).toBe("answered 502");
});

test("that the service is down is known at the first failure, and not when a refusal came", () => {
  const query = { error: null, failureReason: unreachable(), isPending: true };
  expect(isDown(troubleOf(query))).toBe(true);
  expect(troubleOf({ ...query, isPending: false })).toBeUndefined();
  expect(isDown(new Problem({ code: "forbidden", title: "", detail: "", status: 403 }))).toBe(false);
});

test("a window that the person closed is no failure", () => {
  expect([new Error("Popup closed by user"), new Error("Popup window closed"), new Error("Failed to fetch"), undefined].map(isCancelled)).toEqual([true, true, false, false]);
  expect(isCancelled(Object.assign(new Error("no"), { error: "access_denied" }))).toBe(true);
});

test("the console loads itself again once, and not at once a second time", () => {
  expect([null, "x", "1000", "90000"].map((stored) => mayLoadAgain(stored, 100_000))).toEqual([true, true, true, false]);
});

test("people are suggested who were seen, and nothing of the laboratory's data", () => {
  const answers = [{ items: [{ created_by: "bob", assignee: "ann", metadata: { by: "nurse" } }] }, { pages: [{ entry: { requested_by: "ann" } }] }, undefined];
  expect(peopleOf(answers)).toEqual(["ann", "bob"]);
});

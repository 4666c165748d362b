import { User } from "oidc-client-ts";
import { describe, expect, test } from "vitest";

import type { KeptSignature, Summary } from "../../src/api/client";
import { Problem, challengeOf, problemOf } from "../../src/api/problem";
import { readHeld } from "../../src/auth/held";
import { rowsOf } from "../../src/pages/review/list";
import { readReview } from "../../src/pages/review/search";
import { readDraft } from "../../src/signing/draft";
import { bestMeaning, outcomeOf, waitsFor } from "../../src/signing/signing";

function signature(by: string, meaning: KeptSignature["meaning"], current = true): KeptSignature {
  return { by, name: by, meaning, current, at: "2026-11-28T12:00:00.000Z", hash: "0", roles: [], version: 2 };
}

function row(workflow_id: string, more: Partial<Summary> = {}): Summary {
  return { workflow_id, created_by: "alice", ...more } as Summary;
}

const alice = { principal: "alice", may: ["authorship" as const] };
const bob = { principal: "bob", may: ["authorship" as const, "review" as const, "approval" as const] };

describe("a workflow waits", () => {
  test("for its author, who is the assignee or else its creator", () => {
    expect(waitsFor(row("a"), alice)).toBe("authorship");
    expect(waitsFor(row("a", { assignee: "bob" }), alice)).toBeUndefined();
    expect(waitsFor(row("a", { assignee: "bob" }), bob)).toBe("authorship");
    expect(waitsFor(row("a"), { principal: "alice", may: [] })).toBeUndefined();
  });

  test("for a second person once its author has signed, and no longer when that is done", () => {
    const authored = [signature("alice", "authorship")];
    expect(waitsFor(row("a", { signatures: authored }), bob)).toBe("review");
    expect(waitsFor(row("a", { signatures: authored }), alice)).toBeUndefined();
    expect(waitsFor(row("a", { created_by: "bob", signatures: authored }), bob)).toBeUndefined();
    expect(waitsFor(row("a", { created_by: "x", signatures: [signature("bob", "authorship")] }), bob)).toBeUndefined();
    expect(waitsFor(row("a", { signatures: [...authored, signature("sue", "approval")] }), bob)).toBeUndefined();
  });

  test("again when the signatures count no more", () => {
    const ended = [signature("alice", "authorship", false), signature("bob", "review", false)];
    expect(waitsFor(row("a", { signatures: ended }), alice)).toBe("authorship");
    expect(waitsFor(row("a", { signatures: ended }), bob)).toBeUndefined();
  });
});

test("the lists hold what waits, everything, and what this person signed", () => {
  const rows = [row("waits", { signatures: [signature("alice", "authorship")] }), row("signed", { signatures: [signature("bob", "review")] })];
  const ids = (list: "waiting" | "open" | "signed") => rowsOf(list, rows, bob).map((each) => each.workflow_id);
  expect([ids("waiting"), ids("open"), ids("signed")]).toEqual([["waits"], ["waits", "signed"], ["signed"]]);
  expect(readReview({ list: "signed" })).toEqual({ list: "signed" });
  for (const list of ["waiting", "toString", undefined]) expect(readReview({ list })).toEqual({});
});

test("the meaning for which most wait is offered first, and only one that the person may have", () => {
  const authored = row("a", { signatures: [signature("alice", "authorship")] });
  expect(bestMeaning([authored, row("b")], bob)).toBe("review");
  expect(bestMeaning([authored], alice)).toBe("authorship");
  expect(bestMeaning([authored], { principal: "x", may: [] })).toBeUndefined();
});

describe("the challenge of a signature", () => {
  test("says how fresh and of which class the sign-in must be", () => {
    const text = 'Bearer error="insufficient_user_authentication", max_age=300, acr_values="urn:a urn:b"';
    expect(challengeOf(text)).toEqual({ maxAge: 300, acr: "urn:a urn:b" });
    expect(challengeOf('Bearer max_age="0"')).toEqual({ maxAge: 0 });
    for (const other of [null, "", "Bearer", "Bearer max_age=-1", "Bearer max_age=soon", 'Bearer x_max_age=3, acr_values=""']) {
      expect(challengeOf(other), String(other)).toEqual({});
    }
  });

  test("is asked for by its own code alone, and leaves the workflow undecided", () => {
    const headers = new Headers({ "www-authenticate": "Bearer max_age=60" });
    const body = { code: "insufficient-user-authentication", detail: "", status: 401, title: "" };
    expect(problemOf(401, body, headers).challenge).toEqual({ maxAge: 60 });
    expect(problemOf(401, { ...body, code: "unauthenticated" }, headers).challenge).toBeUndefined();
    expect(outcomeOf(problemOf(401, body, headers)).is).toBe("undecided");
  });
});

test("an outcome says what the person can do", () => {
  const of = (code: string, status: number) => outcomeOf(new Problem({ code, status, title: "", detail: "" })).is;
  expect(of("version-conflict", 412)).toBe("changed");
  expect(of("rule-violation", 422)).toBe("refused");
  expect(of("already-signed", 409)).toBe("refused");
  expect(of("rules-engine-unavailable", 503)).toBe("undecided");
  expect(of("unreachable", 0)).toBe("undecided");
  // What the console itself did wrong says nothing of what the service would do.
  expect(outcomeOf(new TypeError("no")).is).toBe("undecided");
});

test("a draft that cannot be read is none", () => {
  const draft = { principal: "bob", meaning: "review" as const, comment: "", items: [{ workflowId: "a", version: 3 }] };
  expect(readDraft(JSON.stringify(draft))).toEqual(draft);
  const faulty = [{ ...draft, meaning: "toString" }, { ...draft, items: [] }, { ...draft, items: [{ workflowId: "a", version: "3" }] }];
  for (const text of [null, "", "{", "7", ...faulty.map((each) => JSON.stringify(each))]) expect(readDraft(text)).toBeUndefined();
});

test("a session is read as the library stores it", () => {
  const profile = { sub: "bob", name: "Bob", iss: "i", aud: "c", exp: 1, iat: 1 };
  const user = new User({ access_token: "t", token_type: "Bearer", profile, expires_at: 12, refresh_token: "r" });
  expect(readHeld(user.toStorageString())).toEqual({ token: "t", expires: 12_000, sub: "bob", name: "Bob", renewable: true });
  for (const text of [null, "", "{", "7", "{}", '{"access_token":1}', '{"access_token":"t","profile":null}']) {
    expect(readHeld(text), String(text)).toBeUndefined();
  }
});

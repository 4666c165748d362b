import { describe, expect, test } from "vitest";

import { asProblem, problemOf, unreachable } from "../../src/api/problem";
import { readSettings } from "../../src/auth/settings";
import { changeOf, retryAfter } from "../../src/live/live";
import { readPreferences } from "../../src/preferences";
import { absolute, relative } from "../../src/time/time";

describe("a problem", () => {
  test("is read from a problem document", () => {
    const headers = new Headers({ "retry-after": "5" });
    const problem = problemOf(423, { code: "x", title: "T", detail: "D", status: 423, request_id: "r-1" }, headers);
    expect([problem.code, problem.status, problem.requestId, problem.retryAfter]).toEqual(["x", 423, "r-1", 5]);
  });

  test("is read from whatever else a gateway answers", () => {
    for (const body of [undefined, null, "", "<html>", 7, [], {}]) {
      expect(problemOf(502, body).code).toBe("unknown");
    }
    const gateway = problemOf(503, { message: "Service Unavailable" }, new Headers({ "x-request-id": "r-2" }));
    expect([gateway.body.detail, gateway.requestId]).toEqual(["Service Unavailable", "r-2"]);
  });

  test("passes only when the same request may succeed later", () => {
    expect(unreachable().passes).toBe(true);
    expect(problemOf(429, {}).passes).toBe(true);
    expect(problemOf(403, {}).passes).toBe(false);
    expect(asProblem(new Error("mine")).passes).toBe(false);
  });
});

describe("changes", () => {
  test("name their workflow, or may be anything", () => {
    expect(changeOf('{"detail":{"workflow_id":"w-1"}}')).toEqual({ workflowId: "w-1" });
    for (const line of ["", "{", "{}", '{"detail":{"workflow_id":7}}']) expect(changeOf(line)).toEqual({});
  });

  test("are asked for again after a second at first, and after thirty at most", () => {
    expect(retryAfter(1, 0)).toBe(500);
    expect(retryAfter(1, 1)).toBe(1000);
    expect(retryAfter(50, 1)).toBe(30_000);
  });
});

test("settings without an issuer are refused, and polling is what every server has", () => {
  for (const value of [null, 7, {}, { issuer: 1, client_id: "c" }]) expect(() => readSettings(value)).toThrow();
  expect(readSettings({ issuer: "i", client_id: "c" })).toEqual({
    issuer: "i",
    client_id: "c",
    scopes: ["openid"],
    live: "polling",
  });
});

test("stored preferences of another release become the defaults", () => {
  for (const stored of [null, "", "{", "7", '{"theme":"sepia"}']) {
    expect(readPreferences(stored).theme).toBe("system");
  }
  expect(readPreferences('{"theme":"dark","zone":"utc"}')).toMatchObject({ theme: "dark", zone: "utc" });
});

test("a time says how long ago in both languages, and exactly when with its zone", () => {
  const now = Date.parse("2026-11-28T12:00:00Z");
  expect(relative(now - 3 * 3_600_000, now, "en")).toBe("3 hours ago");
  expect(relative(now + 2 * 86_400_000, now, "de")).toBe("übermorgen");
  expect(relative(now - 20_000, now, "en")).toBe("now");
  expect(absolute(now, "en", "utc")).toBe("28 Nov 2026, 12:00 UTC");
});

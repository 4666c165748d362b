/** What became of each of many, as people read it: equal refusals are told together. */
import type { ProblemBody } from "../api/problem";

export type Look = "good" | "refused" | "conflict" | "again" | "waits";

/** One result in words. */
export interface Told {
  look: Look;
  outcome: string;
  sentences: readonly string[];
}

export interface Group<Result> extends Told {
  results: readonly [Result, ...Result[]];
}

/** Equal refusals share a row with all workflows that they concern; every other result has a row of its own. */
export function grouped<Result extends object>(results: readonly Result[], tell: (result: Result) => Told): Group<Result>[] {
  const groups = new Map<string | Result, Told & { results: [Result, ...Result[]] }>();
  for (const result of results) {
    const told = tell(result);
    const name = told.look === "refused" ? JSON.stringify([told.outcome, told.sentences]) : result;
    const before = groups.get(name);
    if (before === undefined) groups.set(name, { ...told, results: [result] });
    else before.results.push(result);
  }
  return [...groups.values()];
}

/** The sentences of a refusal: each rule's own, or what the problem says. */
export function sentencesOf(body: ProblemBody, detailOf: (body: ProblemBody) => string): string[] {
  if (body.reasons !== undefined && body.reasons.length > 0) return [...new Set(body.reasons.map(({ message }) => message))];
  const detail = detailOf(body);
  return [detail === "" ? body.title : detail];
}

/** What became of each of many, as people read it: equal refusals share a row. */
import type { ProblemBody } from "../api/problem";

export type Look = "good" | "refused" | "conflict" | "again" | "waits";

/** One of many with its outcome. */
export interface OneOfMany<Outcome> {
  id: string;
  outcome: Outcome;
}

/** One result in words. */
export interface Told {
  look: Look;
  outcome: string;
  sentences: readonly string[];
  /** The number by which the operator finds the request. */
  requestId?: string | undefined;
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

const URGENCY: Record<Look, number> = { conflict: 0, refused: 1, again: 2, waits: 3, good: 4 };

/** What needs a person first. */
export function byUrgency<Result>(groups: readonly Group<Result>[]): Group<Result>[] {
  return [...groups].sort((a, b) => URGENCY[a.look] - URGENCY[b.look]);
}

/** How many results look like this. */
export function countOf<Result>(groups: readonly Group<Result>[], look: Look): number {
  return groups.reduce((all, group) => all + (group.look === look ? group.results.length : 0), 0);
}

/** The sentences of a refusal: each rule's own, or what the problem says. */
export function sentencesOf(body: ProblemBody, detailOf: (body: ProblemBody) => string): string[] {
  if (body.reasons !== undefined && body.reasons.length > 0) return [...new Set(body.reasons.map(({ message }) => message))];
  const detail = detailOf(body);
  return [detail === "" ? body.title : detail];
}

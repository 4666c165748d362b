/** When a rule is asked. */
import type { Schemas, State } from "../../api/client";

/** Joins the moves from one state into one sentence. */
export function askedAt(moves: Schemas["RuleShown"]["moves"]): { from: State | null; targets: State[] }[] {
  const found = new Map<State | null, State[]>();
  for (const { from_state: from, to_state: to } of moves) found.set(from, [...(found.get(from) ?? []), to]);
  return [...found].map(([from, targets]) => ({ from, targets }));
}

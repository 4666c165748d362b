/** The nine moves of the lifecycle. The service decides; this only says what is worth offering. */
import type { MessageKey } from "../i18n";
import type { State } from "./client";

export const MOVES: Record<State, readonly State[]> = {
  CREATED: ["ACTIVE"],
  ACTIVE: ["COMPLETED", "PAUSED", "FAILED", "CANCELLED"],
  PAUSED: ["ACTIVE", "CANCELLED"],
  FAILED: ["ACTIVE", "CANCELLED"],
  COMPLETED: [],
  CANCELLED: [],
};

export const TARGETS: readonly State[] = ["ACTIVE", "COMPLETED", "PAUSED", "FAILED", "CANCELLED"];

/** From here nothing leads back. */
const ENDS: readonly State[] = ["COMPLETED", "CANCELLED"];

/** Its data do not change any more. */
export function isClosed({ current_state: state }: { current_state: State }): boolean {
  return ENDS.includes(state);
}

/** What may stand chosen before a person chose: the only way on, and never an end. */
export function onlyTarget(targets: readonly State[]): State | undefined {
  const [only] = targets;
  return targets.length > 1 || only === undefined || ENDS.includes(only) ? undefined : only;
}

/** What a move is called: from PAUSED, ACTIVE is a resumption. */
export function moveName(target: State, from?: State): MessageKey {
  if (target === "ACTIVE" && from === "PAUSED") return "move.ACTIVE.PAUSED";
  if (target === "ACTIVE" && from === "FAILED") return "move.ACTIVE.FAILED";
  if (target === "ACTIVE") return from === "CREATED" ? "move.ACTIVE.CREATED" : "move.ACTIVE";
  if (target === "CREATED") return "state.CREATED";
  return `move.${target}`;
}

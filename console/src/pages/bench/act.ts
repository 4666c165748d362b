/** Moving many at once: what is asked of the service, and what its answer means. */
import { type Client, type Schemas, type State, data } from "../../api/client";
import { MOVES } from "../../api/lifecycle";
import type { ProblemBody } from "../../api/problem";
import type { Translate } from "../../i18n";
import { type Look, type Told, sentencesOf } from "../../parts/groups";

export type Result = Schemas["BatchItemResult"];

/** One workflow and the version that the person decided on. */
export interface Item {
  workflowId: string;
  version: number;
  state: State;
}

export interface Decision {
  target: State;
  reason: string;
  failure?: Schemas["FailureReport"];
}

/** Those that the lifecycle lets go there, and those that stay out of the request. */
export function sorted(items: readonly Item[], target: State): { can: Item[]; cannot: Item[] } {
  const may = (item: Item) => MOVES[item.state].includes(target);
  return { can: items.filter(may), cannot: items.filter((item) => !may(item)) };
}

/** What was asked for one workflow, and under which name: a repeat is the same request. */
export interface Asked {
  item: Item;
  order: Order;
}

export interface Order {
  decision: Decision;
  key: string;
}

/** The same requests again, each with those that shared it. */
export function ordersOf(ids: ReadonlySet<string>, asked: ReadonlyMap<string, Asked>): Map<Order, Item[]> {
  const orders = new Map<Order, Item[]>();
  for (const id of ids) {
    const found = asked.get(id);
    if (found !== undefined) orders.set(found.order, [...(orders.get(found.order) ?? []), found.item]);
  }
  return orders;
}

/** What stands of each: a later answer takes the place of the one before it. */
export function merged(before: ReadonlyMap<string, Result>, results: readonly Result[]): ReadonlyMap<string, Result> {
  return new Map([...before, ...results.map((result) => [result.workflow_id, result] as const)]);
}

/** Asks for the moves. The same key again has one effect. */
export function move(client: Client, items: readonly Item[], decision: Decision, key: string, dryRun: boolean) {
  const transitions = items.map(({ workflowId, version }) => ({
    workflow_id: workflowId,
    target_state: decision.target,
    expected_version: version,
    ...(decision.failure && { failure: decision.failure }),
  }));
  return data(
    client.POST("/transitions", {
      params: { query: dryRun ? { dry_run: true } : {}, header: dryRun ? {} : { "Idempotency-Key": key } },
      body: { reason: decision.reason, transitions },
    }),
  );
}

export type Kind = "moved" | "would-move" | "refused" | "conflict" | "again";

/** What a person can do about a result. */
export function kindOf(result: Result): Kind {
  if (result.outcome === "moved" || result.outcome === "would-move") return result.outcome;
  if (result.problem?.code === "version-conflict") return "conflict";
  return result.outcome === "refused" ? "refused" : "again";
}

const LOOKS: Record<Kind, Look> = { moved: "good", "would-move": "good", refused: "refused", conflict: "conflict", again: "again" };

/** A result in words; a conflict shows the version and the state that stand now. */
export function toldOf(result: Result, t: Translate, detailOf: (problem: ProblemBody) => string): Told {
  const kind = kindOf(result);
  const { problem } = result;
  const told = { look: LOOKS[kind], outcome: t(`act.kind.${kind}`) };
  if (problem === undefined || kind === "conflict") return { ...told, sentences: [] };
  return { ...told, sentences: sentencesOf(problem, detailOf), requestId: problem.request_id };
}

/** A conflict as an item to decide again, at the version that stands now. */
export function asItNowIs(result: Result): Item | undefined {
  const { problem } = result;
  if (problem?.code !== "version-conflict") return undefined;
  return { workflowId: result.workflow_id, version: problem.version, state: problem.current_state };
}

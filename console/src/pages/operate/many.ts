/** What is asked for many workflows, and what became of each. */
import { type Client, type Schemas, data } from "../../api/client";
import { eachOf } from "../../api/eachOf";
import { type Problem, type ProblemBody, asProblem } from "../../api/problem";
import type { Translate } from "../../i18n";
import { type OneOfMany, type Told, sentencesOf } from "../../parts/groups";
import type { Words } from "../../parts/problemWords";

export type Work = "recover" | "replay";

export type Outcome =
  | { is: "waits" }
  | { is: "runs" }
  | { is: "recovery"; report: Schemas["RecoveryReport"] }
  | { is: "replayed"; events: number }
  | { is: "failed"; error: unknown };

const LOOK_MS = 500;
/** A recovery ends within 30 s. */
const PATIENCE_MS = 40_000;

export function workOnAll(
  ids: readonly string[],
  work: (id: string) => Promise<Outcome>,
  onOutcome: (id: string, outcome: Outcome) => void,
): Promise<void> {
  return eachOf(ids, work, onOutcome, (error): Outcome => ({ is: "failed", error }), (id) => onOutcome(id, { is: "runs" }));
}

/** Asks for a recovery, and waits for its end as long as one takes. */
export async function recover(client: Client, id: string, reason: string, signal: AbortSignal): Promise<Outcome> {
  const params = { path: { workflow_id: id } };
  let report = await data(client.POST("/workflows/{workflow_id}/recovery", { params, body: { reason }, signal }));
  const until = Date.now() + PATIENCE_MS;
  while (report.status === "running" && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    report = await data(client.GET("/workflows/{workflow_id}/recovery", { params, signal }));
  }
  return { is: "recovery", report };
}

/** Sends every published event again; a long history takes several requests. */
export async function replay(client: Client, id: string, signal: AbortSignal): Promise<Outcome> {
  const params = { path: { workflow_id: id } };
  let events = 0;
  for (let from: number | undefined = 1; from !== undefined; ) {
    const body = { from_version: from };
    const report: Schemas["ReplayReport"] = await data(
      client.POST("/workflows/{workflow_id}/replay", { params, body, signal }),
    );
    events += report.events_published;
    from = report.next_version;
  }
  return { is: "replayed", events };
}

/** Whether it did what was asked for. */
export function isGood(outcome: Outcome): boolean {
  if (outcome.is === "recovery") return ["recovered", "already-consistent"].includes(outcome.report.status);
  return outcome.is === "replayed";
}

type WordsOf = (said: ProblemBody) => Pick<Words, "title" | "detail">;

/** An outcome in words. */
export function toldOf({ outcome }: OneOfMany<Outcome>, t: Translate, words: WordsOf): Told {
  switch (outcome.is) {
    case "waits":
      return { look: "waits", outcome: t("many.waits"), sentences: [] };
    case "runs":
      return { look: "waits", outcome: t("recovery.running"), sentences: [] };
    case "replayed":
      return { look: "good", outcome: t("many.replayed", { count: outcome.events }), sentences: [] };
    case "recovery":
      return recoveryTold(outcome.report, isGood(outcome), t);
    case "failed":
      return failureTold(asProblem(outcome.error), t, words);
  }
}

function recoveryTold({ status, reasons = [], error }: Schemas["RecoveryReport"], isWell: boolean, t: Translate): Told {
  if (status === "running") return { look: "waits", outcome: t("many.slow"), sentences: [] };
  const sentences = [...new Set([...reasons.map(({ message }) => message), ...(error === undefined ? [] : [error])])];
  return { look: isWell ? "good" : "refused", outcome: t(`recovery.${status}`), sentences };
}

function failureTold({ body, refuses, requestId }: Problem, t: Translate, words: WordsOf): Told {
  const look = refuses ? "refused" : "again";
  const said = new Set([words(body).title, ...sentencesOf(body, (each) => words(each).detail)]);
  return { look, outcome: t(`act.kind.${look}`), sentences: [...said], requestId };
}

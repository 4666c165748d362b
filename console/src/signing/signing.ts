/** Signing: what waits for a person's signature, what exactly is signed, and what became of each. */
import { queryOptions } from "@tanstack/react-query";

import { type Client, type KeptSignature, type Meaning, type Schemas, type Summary, type WorkflowEvent, data } from "../api/client";
import { type Problem, type ProblemBody, asProblem } from "../api/problem";
import { keys } from "../api/queries";
import type { Translate } from "../i18n";
import { type Look, type OneOfMany, type Told, sentencesOf } from "../parts/groups";

export const MEANINGS: readonly Meaning[] = ["authorship", "review", "approval", "responsibility"];

/** As they are offered: a person who checks must not sign as the author by a slip. */
export function offered(may: readonly Meaning[]): Meaning[] {
  return [...MEANINGS.filter((each) => each !== "authorship" && may.includes(each)), ...may.filter((each) => each === "authorship")];
}

/** A checker's signature: one of them is enough. */
const CHECKS: readonly Meaning[] = ["review", "approval"];

export interface Signer {
  principal: string;
  may: readonly Meaning[];
}

export function counting(signatures: readonly KeptSignature[] | undefined): KeptSignature[] {
  return (signatures ?? []).filter((each) => each.current);
}

/**
 * The meaning for which an open workflow waits for this person: to sign their own work, or to check a colleague's that
 * its author signed. It only orders the list; whether a signature is made, policies and rules decide.
 */
export function waitsFor(row: Summary, { principal, may }: Signer): Meaning | undefined {
  const signed = counting(row.signatures);
  const has = (meanings: readonly Meaning[]) => signed.some((each) => meanings.includes(each.meaning));
  const isMine = row.created_by === principal || signed.some((each) => each.by === principal && each.meaning === "authorship");
  const check = CHECKS.find((meaning) => may.includes(meaning));
  if (has(["authorship"])) return check !== undefined && !isMine && !has(CHECKS) ? check : undefined;
  const isAuthor = row.assignee === undefined ? row.created_by === principal : row.assignee === principal;
  return isAuthor && may.includes("authorship") ? "authorship" : undefined;
}

/** The meaning to offer first for several: the one for which most of them wait. */
export function bestMeaning(rows: readonly Summary[], signer: Signer): Meaning | undefined {
  const waits = rows.map((row) => waitsFor(row, signer));
  const count = (meaning: Meaning) => waits.filter((each) => each === meaning).length;
  const offered = MEANINGS.filter((meaning) => signer.may.includes(meaning));
  return offered.reduce<Meaning | undefined>((best, each) => (best === undefined || count(each) > count(best) ? each : best), undefined);
}

/** The newest version with its hash, data and signatures: what a signature would be of. */
export function headQuery(client: Client, id: string) {
  return queryOptions({
    queryKey: [...keys.workflow(id), "head"],
    // What is signed is read for it, and is not what was on the screen an hour ago.
    staleTime: 0,
    queryFn: async ({ signal }): Promise<WorkflowEvent> => {
      let newest: WorkflowEvent | undefined;
      let cursor: string | undefined;
      do {
        const query = { limit: 100, ...(cursor !== undefined && { cursor }) };
        const params = { path: { workflow_id: id }, query };
        const page: Schemas["HistoryPage"] = await data(client.GET("/workflows/{workflow_id}/history", { params, signal }));
        newest = page.items.filter((entry): entry is WorkflowEvent => "to_state" in entry).at(-1) ?? newest;
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      if (newest === undefined) throw new Error("the history has no version");
      return newest;
    },
  });
}

/** One version of one workflow, as the person saw it. */
export interface Item {
  workflowId: string;
  version: number;
}

export interface Declaration {
  meaning: Meaning;
  comment: string;
}

/** Signs under the name of this request; without one, the service decides only and writes nothing. */
export function sign(client: Client, item: Item, declaration: Declaration, key?: string) {
  const comment = declaration.comment.trim();
  return data(
    client.POST("/workflows/{workflow_id}/signatures", {
      params: {
        path: { workflow_id: item.workflowId },
        query: key === undefined ? { dry_run: true } : {},
        header: { "If-Match": `"${item.version}"`, ...(key !== undefined && { "Idempotency-Key": key }) },
      },
      body: { meaning: declaration.meaning, ...(comment !== "" && { comment }) },
    }),
  );
}

export type Outcome =
  | { is: "waits" }
  | { is: "signed"; signature: KeptSignature; version: number }
  | { is: "refused" | "changed" | "undecided"; problem: Problem };

/** Those that have this outcome. */
export function idsWith(outcomes: ReadonlyMap<string, Outcome>, is: Outcome["is"]): string[] {
  return [...outcomes].filter(([, outcome]) => outcome.is === is).map(([id]) => id);
}

/** What a failure means for the person. */
export function outcomeOf(error: unknown): Outcome {
  const problem = asProblem(error);
  if (problem.code === "version-conflict") return { is: "changed", problem };
  return { is: problem.refuses && problem.challenge === undefined ? "refused" : "undecided", problem };
}

/** The signature that an answer brings: the newest in the list of its version. */
export function signedBy(answer: Schemas["SignatureResult"] | Schemas["SignatureDryRun"]): Outcome {
  if (answer.outcome !== "signed") throw new Error("a dry run signs nothing");
  const signature = answer.event.signatures?.at(-1);
  if (signature === undefined) throw new Error("the answer has no signature");
  return { is: "signed", signature, version: answer.event.version };
}

const LOOKS: Record<Outcome["is"], Look> = { signed: "good", refused: "refused", changed: "conflict", undecided: "again", waits: "waits" };

/** An outcome in words; a signature is shown as it is. */
export function toldOf({ outcome }: OneOfMany<Outcome>, t: Translate, detailOf: (problem: ProblemBody) => string): Told {
  const told = { look: LOOKS[outcome.is], outcome: t(`sign.is.${outcome.is}`), sentences: whyOf(outcome, t, detailOf) };
  return "problem" in outcome && outcome.is !== "changed" ? { ...told, requestId: outcome.problem.requestId } : told;
}

function whyOf(outcome: Outcome, t: Translate, detailOf: (problem: ProblemBody) => string): string[] {
  if (outcome.is === "waits" || outcome.is === "signed") return [];
  const { problem } = outcome;
  if (problem.code === "unreachable") return [t("problem.unreachable.title"), t("move.lost")];
  if (outcome.is === "changed") return [t("sign.is.changed.text", { version: problem.body.version ?? "?" })];
  const sentences = sentencesOf(problem.body, detailOf);
  return problem.code === "console" ? [t("problem.console.title"), ...sentences] : sentences;
}

/** Failures as the log has them: the codes that were seen, and why a failed workflow failed. */
import { queryOptions } from "@tanstack/react-query";

import { type Client, type Schemas, data } from "./client";
import { eachOf } from "./eachOf";
import { keys } from "./queries";

export const CODE = /^[A-Za-z0-9._:-]{1,64}$/;
const DAYS = 30;

/** The codes of these entries, the most frequent first. */
export function codesOf(entries: readonly { entry: object }[]): string[] {
  const counts = new Map<string, number>();
  for (const { entry } of entries) {
    const failure = "failure" in entry ? (entry.failure as Schemas["FailureReport"] | undefined) : undefined;
    if (failure !== undefined) counts.set(failure.code, (counts.get(failure.code) ?? 0) + 1);
  }
  return [...counts].sort(([a, more], [b, fewer]) => fewer - more || a.localeCompare(b)).map(([code]) => code);
}

const NAMED = /failure\.code: ([^.]+)/;

/** The sentences of the rules about the code of a failure. */
export function sentencesOn(sets: readonly Schemas["RulesetShown"][]): string[] {
  const rules = sets.flatMap((set) => set.rules).filter(({ moves }) => moves.some(({ to_state: to }) => to === "FAILED"));
  return [...new Set(rules.map(({ message }) => message).filter((message) => NAMED.test(message)))];
}

/** The codes that such a sentence lists: `Give a known failure.code: a, b or c.` They are only suggested. */
export function codesIn(sentence: string): string[] {
  const listed = NAMED.exec(sentence)?.[1] ?? "";
  return listed.split(/,|;| or | oder /).map((each) => each.trim()).filter((each) => CODE.test(each));
}

/** The API lists no codes: these were reported in the last month, as far as the person may see it. */
export function codesQuery(client: Client) {
  return queryOptions({
    queryKey: ["failure-codes"],
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const from = new Date(Date.now() - DAYS * 86_400_000).toISOString();
      const query = { kind: "WorkflowStateChanged" as const, from, limit: 100 };
      return codesOf((await data(client.GET("/activity", { params: { query }, signal }))).items);
    },
  });
}

export type Failure = Schemas["FailureReport"];

async function failureOf(client: Client, id: string, signal: AbortSignal): Promise<Failure | undefined> {
  let found: Failure | undefined;
  let cursor: string | undefined;
  do {
    const query = { limit: 100, ...(cursor !== undefined && { cursor }) };
    const params = { path: { workflow_id: id }, query };
    const page: Schemas["HistoryPage"] = await data(client.GET("/workflows/{workflow_id}/history", { params, signal }));
    for (const entry of page.items) if ("failure" in entry && entry.failure !== undefined) found = entry.failure;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return found;
}

/** Why each of these failed, by its newest report. The list does not say it, so each history is read once. */
export function failuresQuery(client: Client, rows: readonly { workflow_id: string; published_version: number }[]) {
  return queryOptions({
    queryKey: [...keys.lists, "failures", rows.map((row) => `${row.workflow_id} ${row.published_version}`)],
    enabled: rows.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const found = new Map<string, Failure>();
      const keep = (id: string, failure: Failure | undefined) => {
        if (failure !== undefined) found.set(id, failure);
      };
      // One that cannot be read is shown without its code.
      await eachOf(rows.map((row) => row.workflow_id), (id) => failureOf(client, id, signal), keep, () => undefined);
      return found;
    },
  });
}

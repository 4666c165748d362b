/** A workflow as it is, what happened to it, and whether its history is sound. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { type Client, type Schemas, answer, data } from "../../api/client";
import { keys } from "../../api/queries";

export function stateQuery(client: Client, id: string) {
  return queryOptions({
    queryKey: [...keys.workflow(id), "state"],
    queryFn: ({ signal }) =>
      data(
        client.GET("/workflows/{workflow_id}", {
          params: { path: { workflow_id: id }, query: { evaluate: true } },
          signal,
        }),
      ),
  });
}

type Include = "refusals" | "quarantines" | "recoveries" | "overdue" | "changes";

/** Oldest first, as the service keeps it. */
export function historyQuery(client: Client, id: string, may: (action: string) => boolean) {
  const include: Include[] = ["refusals", "overdue", "changes"];
  if (may("getWorkflowRecovery")) include.push("quarantines", "recoveries");
  return infiniteQueryOptions({
    queryKey: [...keys.workflow(id), "history", include],
    queryFn: ({ pageParam, signal }) =>
      data(
        client.GET("/workflows/{workflow_id}/history", {
          params: {
            path: { workflow_id: id },
            query: { include, limit: 100, ...(pageParam === "" ? {} : { cursor: pageParam }) },
          },
          // The contract separates these names by commas.
          querySerializer: { array: { style: "form", explode: false } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Schemas["HistoryPage"]) => page.next_cursor,
  });
}

export interface Verdict {
  valid: boolean;
  checked: number;
  /** Entries beside the versions. */
  entries: number;
  brokenEntries: readonly Schemas["BrokenEntry"][];
  brokenAt?: number;
  fault?: string;
  /** The newest signed list of the log, and the versions that are as it names them. */
  anchor?: { number: number; versions: number; fault?: string };
}

/** Walks the whole chain: only the last page says whether it is sound. */
export function verificationQuery(client: Client, id: string, version: number | undefined) {
  return queryOptions({
    queryKey: [...keys.workflow(id), "verification", version],
    enabled: version !== undefined,
    queryFn: async ({ signal }): Promise<Verdict> => {
      let [checked, entries] = [0, 0];
      const brokenEntries: Schemas["BrokenEntry"][] = [];
      let anchored = 0;
      let cursor: string | undefined;
      for (;;) {
        const query = cursor === undefined ? {} : { cursor };
        const path = { workflow_id: id };
        const params = { path, query };
        const page = await data(client.GET("/workflows/{workflow_id}/history/verification", { params, signal }));
        checked += page.versions_checked;
        // A newer service may count kinds that this release does not know.
        for (const count of Object.values(page.entries_checked ?? {})) entries += count;
        brokenEntries.push(...(page.broken_entries ?? []));
        const anchor = page.anchored;
        anchored += anchor?.versions ?? 0;
        cursor = page.next_cursor;
        if (page.complete || page.valid === false || cursor === undefined) {
          return {
            valid: page.valid === true,
            checked,
            entries,
            brokenEntries,
            ...(page.broken_at_version !== undefined && { brokenAt: page.broken_at_version }),
            ...(page.fault !== undefined && { fault: page.fault }),
            ...(anchor !== undefined && {
              anchor: { number: anchor.number, versions: anchored, ...(anchor.fault !== undefined && { fault: anchor.fault }) },
            }),
          };
        }
      }
    },
  });
}

function headersOf(version: number, key: string) {
  return { "If-Match": `"${version}"`, "Idempotency-Key": key };
}

/** What was read is decided on: another version in between is a conflict. */
export function move(
  client: Client,
  id: string,
  version: number,
  body: Schemas["StateTransitionRequest"],
  key: string,
  dryRun: boolean,
) {
  return answer(
    client.POST("/workflows/{workflow_id}/transitions", {
      params: {
        path: { workflow_id: id },
        query: dryRun ? { dry_run: true } : {},
        header: dryRun ? { "If-Match": `"${version}"` } : headersOf(version, key),
      },
      body,
    }),
  );
}

export function amend(
  client: Client,
  id: string,
  version: number,
  body: Schemas["WorkflowAmendment"],
  key: string,
  dryRun: boolean,
) {
  return answer(
    client.PATCH("/workflows/{workflow_id}", {
      params: {
        path: { workflow_id: id },
        query: dryRun ? { dry_run: true } : {},
        header: dryRun ? { "If-Match": `"${version}"` } : headersOf(version, key),
      },
      body,
    }),
  );
}

/** What the operator asks the service. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { type Client, type Schemas, data } from "../../api/client";
import { keys } from "../../api/queries";
import { type Day, HOURS, dayOf, recoveriesOf, waitingOf } from "./day";
import type { ListName } from "./search";

type Entry = Schemas["ActivityEntry"];

const PAGE = 100;
/** A busy day has more; then the page says from when on it counted. */
const PAGES_MAX = 10;
const LOOK_MS = 10_000;
const DAY_MS = 60_000;

/** A list by the filter that makes it. */
export function listQuery(client: Client, list: Exclude<ListName, "recovering">, cursor: string | undefined) {
  const filters = {
    quarantined: { quarantined: "true" as const },
    failed: { state: ["FAILED" as const] },
    overdue: { overdue: "true" as const, order: "due" as const },
  };
  const query = { limit: PAGE, ...filters[list], ...(cursor !== undefined && { cursor }) };
  return queryOptions({
    queryKey: [...keys.lists, query],
    queryFn: ({ signal }) => data(client.GET("/workflows", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function recoveriesQuery(client: Client) {
  const ask = async (kind: Schemas["ActivityKind"], signal: AbortSignal) =>
    (await data(client.GET("/activity", { params: { query: { kind, limit: PAGE } }, signal }))).items;
  return queryOptions({
    queryKey: [...keys.activity, "recoveries"],
    queryFn: async ({ signal }) => {
      // The requests first: what ends in between has ended.
      const requested = await ask("RecoveryRequested", signal);
      return recoveriesOf(requested, await ask("RecoveryEnded", signal));
    },
  });
}

/** Not renewed with every change: it reads a whole day. */
export function dayQuery(client: Client) {
  return queryOptions({
    queryKey: ["operate", "day"],
    refetchInterval: DAY_MS,
    queryFn: async ({ signal }): Promise<Day> => {
      const now = Date.now();
      const from = new Date(now - HOURS * 3_600_000).toISOString();
      const entries: Entry[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const query = { from, limit: PAGE, ...(cursor !== undefined && { cursor }) };
        const found = await data(client.GET("/activity", { params: { query }, signal }));
        entries.push(...found.items);
        cursor = found.next_cursor;
        if (cursor === undefined) break;
      }
      return dayOf(entries, now, cursor === undefined);
    },
  });
}

export function sweepQuery(client: Client) {
  return queryOptions({
    queryKey: ["operate", "sweep"],
    refetchInterval: DAY_MS,
    queryFn: ({ signal }) => data(client.GET("/sweep", { signal })),
  });
}

/** Compares the newest versions of the log with the lists. */
export function publishingQuery(client: Client) {
  return queryOptions({
    queryKey: ["operate", "publishing"],
    refetchInterval: LOOK_MS,
    queryFn: async ({ signal }) => {
      // The log first: what is published in between counts as published.
      const { items: entries } = await data(client.GET("/activity", { params: { query: { limit: PAGE } }, signal }));
      const query = { limit: PAGE, order: "updated" as const };
      const { items: rows } = await data(client.GET("/workflows", { params: { query }, signal }));
      return { looked: entries.length, waiting: waitingOf(entries, rows) };
    },
  });
}

/** A page of the list, as the filters in the address ask for it. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { type Client, type Summary, data } from "../../api/client";
import { keys } from "../../api/queries";
import type { BenchSearch, Order } from "./search";

/** A page is what one request may move. */
export const PAGE = 100;

/** The order that the service can give with these filters. */
export function orderOf(search: BenchSearch): Order {
  if (search.label !== undefined || search.quarantined !== undefined) return "created";
  if (search.order !== undefined) return search.order;
  return search.overdue !== undefined || search.due_before !== undefined ? "due" : "created";
}

export function listQuery(client: Client, search: BenchSearch, cursor: string | undefined) {
  const query = {
    limit: PAGE,
    order: orderOf(search),
    ...(search.state && { state: search.state }),
    ...(search.type && { workflow_type: search.type }),
    ...(search.assignee && { assignee: search.assignee }),
    ...(search.created_by && { created_by: search.created_by }),
    ...(search.label && { label: search.label }),
    ...(search.due_before && { due_before: new Date(search.due_before).toISOString() }),
    ...(search.overdue && { overdue: search.overdue }),
    ...(search.quarantined && { quarantined: search.quarantined }),
    ...(cursor !== undefined && { cursor }),
  };
  return queryOptions({
    queryKey: [...keys.lists, query],
    queryFn: ({ signal }) => data(client.GET("/workflows", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** The rows as a table for a spreadsheet. */
export function csvOf(rows: readonly Summary[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.labels ?? {})))].sort();
  const head = ["workflow_id", "workflow_type", "state", "version", "assignee", "due_at", "overdue", "created_at", "created_by", "updated_at"];
  const lines = rows.map((row) => [
    row.workflow_id,
    row.workflow_type,
    row.current_state,
    String(row.published_version),
    row.assignee ?? "",
    row.due_at ?? "",
    row.overdue === true ? "true" : "",
    row.created_at,
    row.created_by,
    row.updated_at,
    ...names.map((name) => row.labels?.[name] ?? ""),
  ]);
  return [[...head, ...names.map((name) => `label:${name}`)], ...lines].map((line) => line.map(cell).join(",")).join("\r\n");
}

/** A text that a spreadsheet would run as a formula stays a text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

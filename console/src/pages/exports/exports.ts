/** Making an export and looking how it goes. */
import { queryOptions } from "@tanstack/react-query";

import { type Client, data } from "../../api/client";

export type Selection = { workflow_id: string } | { from: string; to: string; principal?: string; kind?: string };

export interface Export {
  export_id: string;
  status: "RUNNING" | "COMPLETED" | "FAILED";
  selection: Partial<Record<"workflow_id" | "from" | "to" | "principal" | "kind", string>>;
  requested_by: string;
  requested_at: string;
  completed_at?: string;
  entries?: number;
  bytes?: number;
  sha256?: string;
  failure?: { code: string; detail: string };
  download_url?: string;
  download_expires_at?: string;
}

type Answer = Promise<{ data?: Export; error?: unknown; response: Response }>;
/** The contract of this release has no exports yet: these are what it will say. */
type Calls = Record<"GET" | "POST", (path: string, init: object) => Answer>;

const RUNNING_MS = 1000;
/** An address to download from is good for some minutes. */
const RENEW_MS = 120_000;

export function exportQuery(client: Client, id: string) {
  return queryOptions({
    queryKey: ["export", id],
    queryFn: ({ signal }) =>
      data((client as unknown as Calls).GET("/exports/{export_id}", { params: { path: { export_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.status === "RUNNING" ? RUNNING_MS : state.data === undefined ? false : RENEW_MS),
  });
}

export function makeExport(client: Client, selection: Selection, reason: string, key: string): Promise<Export> {
  const body = { ...selection, ...(reason !== "" && { reason }) };
  return data((client as unknown as Calls).POST("/exports", { params: { header: { "Idempotency-Key": key } }, body }));
}

const STEP = 1024;

/** A number of bytes for people. */
export function sizeText(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(STEP))));
  const unit = units[power] ?? "byte";
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: power === 0 ? 0 : 1 }).format(bytes / STEP ** power);
}

/** Making an export and looking how it goes. */
import { queryOptions } from "@tanstack/react-query";

import { type Client, type Schemas, data } from "../../api/client";

export type Selection = Omit<Schemas["ExportRequest"], "reason" | "requested_by">;
export type Export = Schemas["Export"];

const RUNNING_MS = 1000;
/** An address to download from is good for some minutes. */
const RENEW_MS = 120_000;

export function exportQuery(client: Client, id: string) {
  return queryOptions({
    queryKey: ["export", id],
    queryFn: ({ signal }) =>
      data(client.GET("/exports/{export_id}", { params: { path: { export_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.status === "RUNNING" ? RUNNING_MS : state.data === undefined ? false : RENEW_MS),
  });
}

export function makeExport(client: Client, selection: Selection, reason: string, key: string): Promise<Export> {
  const body = { ...selection, ...(reason !== "" && { reason }) };
  return data(client.POST("/exports", { params: { header: { "Idempotency-Key": key } }, body }));
}

const STEP = 1024;

/** A number of bytes for people. */
export function sizeText(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(STEP))));
  const unit = units[power] ?? "byte";
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: power === 0 ? 0 : 1 }).format(bytes / STEP ** power);
}

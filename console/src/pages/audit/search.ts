/** The filters of the audit, as they stand in the address. */
import type { Schemas } from "../../api/client";
import { oneText } from "../../search";

export type Kind = Schemas["ActivityKind"];

export const KINDS = [
  "WorkflowCreated",
  "WorkflowStateChanged",
  "WorkflowAmended",
  "WorkflowSigned",
  "WorkflowTransitionRefused",
  "WorkflowQuarantined",
  "WorkflowReleased",
  "WorkflowOverdue",
  "WorkflowRecovered",
  "RecoveryRequested",
  "RecoveryEnded",
  "RecordsExported",
  "AuditTrailReviewed",
] as const satisfies readonly Kind[];

/** Hours of a period that ends now. The service shows at most 31 days; a month that ages must stay below. */
export const PERIODS = { hour: 1, day: 24, week: 7 * 24, month: 30 * 24 } as const;
export type Period = keyof typeof PERIODS;

export interface AuditSearch {
  period?: Period;
  from?: string;
  to?: string;
  principal?: string;
  kind?: Kind;
}

const PRINCIPAL_MAX = 256;

/** Reads the address; what no filter of this release takes is left out. */
export function readAudit(search: Record<string, unknown>): AuditSearch {
  const found: AuditSearch = {};
  const from = instant(oneText(search.from));
  const to = instant(oneText(search.to));
  const period = oneText(search.period);
  // Two instants say more than a name.
  if (from !== undefined) found.from = from;
  if (to !== undefined) found.to = to;
  if (from === undefined && to === undefined && period !== undefined && Object.hasOwn(PERIODS, period)) {
    found.period = period as Period;
  }
  const principal = oneText(search.principal);
  if (principal !== undefined && principal.length <= PRINCIPAL_MAX) found.principal = principal;
  const kind = KINDS.find((each) => each === oneText(search.kind));
  if (kind !== undefined) found.kind = kind;
  return found;
}

function instant(text: string | undefined): string | undefined {
  const millis = Date.parse(text ?? "");
  return Number.isNaN(millis) ? undefined : new Date(millis).toISOString();
}

/** The span that is asked for: a page after the first must name the same one. */
export function spanOf(search: AuditSearch, now: number): { from?: string; to?: string } {
  if (search.from !== undefined || search.to !== undefined) {
    return { ...(search.from !== undefined && { from: search.from }), ...(search.to !== undefined && { to: search.to }) };
  }
  return { from: new Date(now - PERIODS[search.period ?? "day"] * 3_600_000).toISOString() };
}

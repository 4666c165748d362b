/** What a person says that they reviewed: a period that is over, all of it or a part. */
import { type Client, type Schemas, data } from "../../api/client";
import type { AuditSearch, Kind } from "./search";

/** The service takes a period that ended a minute ago; the clocks of a browser and the service may differ a little. */
const LATE_MS = 75_000;

export interface Reviewed {
  from: string;
  to: string;
  principal?: string;
  kind?: Kind;
}

/** The service's own default: the last day. */
const DAY_MS = 24 * 3_600_000;

/**
 * The part of what is shown that can be reviewed now; nothing when none of it has been over long enough. `span` is what
 * was asked for.
 */
export function reviewable(search: AuditSearch, span: { from?: string; to?: string }, now: number): Reviewed | undefined {
  const asked = span.to === undefined ? Number.POSITIVE_INFINITY : Date.parse(span.to);
  const to = Math.min(asked, now - LATE_MS);
  const from = span.from === undefined ? Math.min(asked, now) - DAY_MS : Date.parse(span.from);
  if (to <= from) return undefined;
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    ...(search.principal !== undefined && { principal: search.principal }),
    ...(search.kind !== undefined && { kind: search.kind }),
  };
}

export function isPartial({ principal, kind }: { principal?: string | undefined; kind?: string | undefined }): boolean {
  return principal !== undefined || kind !== undefined;
}

/** How far whole reviews without a hole between them reach; nothing when no review is whole. */
export function wholeUntil(reviews: readonly { from: string; to: string; principal?: string; kind?: string }[]): string | undefined {
  const whole = reviews.filter((each) => !isPartial(each)).sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
  let until = whole[0]?.to;
  for (const { from, to } of whole) {
    if (until === undefined || Date.parse(from) > Date.parse(until)) break;
    if (Date.parse(to) > Date.parse(until)) until = to;
  }
  return until;
}

export function recordReview(client: Client, reviewed: Reviewed, reason: string, key: string): Promise<Schemas["ReviewReport"]> {
  return data(
    client.POST("/activity/reviews", { params: { header: { "Idempotency-Key": key } }, body: { ...reviewed, reason } }),
  );
}

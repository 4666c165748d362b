/** What the log says of a day: how much was done, what is not in the lists yet, and which recoveries run. */
import type { Schemas, Summary } from "../../api/client";

type Entry = Schemas["ActivityEntry"];
type Attempt = Schemas["RecoveryAttempt"];

const HOUR_MS = 3_600_000;
export const HOURS = 24;

export interface Hour {
  from: number;
  done: number;
  refused: number;
}

export interface Day {
  hours: readonly Hour[];
  done: number;
  refused: number;
  quarantined: number;
  released: number;
  /** Recoveries that began without a request: after a failure, or because the sweep found something. */
  started: Record<Schemas["Trigger"], number>;
  /** Every entry of the day was counted. */
  isComplete: boolean;
  /** Since when they were counted. */
  since: number;
}

const VERSIONS = new Set(["WorkflowCreated", "WorkflowStateChanged", "WorkflowAmended", "WorkflowSigned", "WorkflowRecovered"]);

/** The last 24 hours by hours of the clock; the last one has just begun. */
export function dayOf(entries: readonly Entry[], now: number, isComplete: boolean): Day {
  const last = Math.floor(now / HOUR_MS) * HOUR_MS;
  const first = last - (HOURS - 1) * HOUR_MS;
  const hours = Array.from({ length: HOURS }, (_, at): Hour => ({ from: first + at * HOUR_MS, done: 0, refused: 0 }));
  const started = { request: 0, failure: 0, sweep: 0 };
  let [done, refused, quarantined, released, since] = [0, 0, 0, 0, now];
  for (const { at, kind, entry } of entries) {
    const millis = Date.parse(at);
    since = Math.min(since, millis);
    if (millis < first) continue;
    const hour = hours[Math.floor((millis - first) / HOUR_MS)];
    if (VERSIONS.has(kind ?? "")) {
      done += 1;
      if (hour !== undefined) hour.done += 1;
    } else if (kind === "WorkflowTransitionRefused") {
      refused += 1;
      if (hour !== undefined) hour.refused += 1;
    } else if (kind === "WorkflowQuarantined") quarantined += 1;
    else if (kind === "WorkflowReleased") released += 1;
    else if (kind === "RecoveryRequested") {
      const { trigger } = entry as Attempt;
      if (trigger !== undefined && Object.hasOwn(started, trigger)) started[trigger] += 1;
    }
  }
  return { hours, done, refused, quarantined, released, started, isComplete, since: isComplete ? first : since };
}

export interface Waiting {
  workflowId: string;
  version: number;
  published: number | undefined;
  since: number;
}

/**
 * Versions of the log that the lists do not show yet. Both are the newest hundred, so what is there must be in both.
 * What is quarantined is not published, and stands in a list of its own.
 */
export function waitingOf(entries: readonly Entry[], rows: readonly Summary[]): Waiting[] {
  const published = new Map(rows.map((row) => [row.workflow_id, row.published_version]));
  const quarantined = new Set(rows.filter((row) => row.quarantined === true).map((row) => row.workflow_id));
  const waiting = new Map<string, Waiting>();
  for (const { at, kind, workflow_id: workflowId, entry } of entries) {
    if (workflowId === undefined || !VERSIONS.has(kind ?? "") || !("version" in entry) || entry.version === undefined) continue;
    const shown = published.get(workflowId);
    if (quarantined.has(workflowId) || (shown !== undefined && shown >= entry.version)) continue;
    const before = waiting.get(workflowId);
    waiting.set(workflowId, {
      workflowId,
      version: Math.max(before?.version ?? 0, entry.version),
      published: shown,
      since: Math.min(before?.since ?? Number.POSITIVE_INFINITY, Date.parse(at)),
    });
  }
  return [...waiting.values()].sort((a, b) => a.since - b.since);
}

export interface Recovery {
  workflowId: string;
  at: string;
  attempt: Attempt;
}

const WELL = new Set<Schemas["Status"]>(["recovered", "already-consistent"]);

/** Recoveries that run, and of each workflow the newest end when it was not a good one. */
export function recoveriesOf(requested: readonly Entry[], ended: readonly Entry[]): Recovery[] {
  const attemptOf = ({ workflow_id: workflowId, at, entry }: Entry): Recovery[] =>
    entry.event_type === "RecoveryAttempt" && workflowId !== undefined ? [{ workflowId, at, attempt: entry }] : [];
  const ends = ended.flatMap(attemptOf);
  const over = new Set(ends.map(nameOf));
  const found = new Map<string, Recovery>();
  for (const each of requested.flatMap(attemptOf)) {
    if (!over.has(nameOf(each)) && !found.has(each.workflowId)) {
      found.set(each.workflowId, { ...each, attempt: { ...each.attempt, status: "running" } });
    }
  }
  const seen = new Set<string>();
  for (const each of ends) {
    if (seen.has(each.workflowId)) continue;
    seen.add(each.workflowId);
    if (!WELL.has(each.attempt.status) && !found.has(each.workflowId)) found.set(each.workflowId, each);
  }
  return [...found.values()];
}

function nameOf({ workflowId, attempt }: Recovery): string {
  return `${workflowId} ${attempt.recovery_id ?? `${attempt.version} ${attempt.attempt}`}`;
}

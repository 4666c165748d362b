/** Everything that happened, newest first: moves, changes from old to new, refusals, quarantines, recoveries. */
import type { ReactNode } from "react";

import type { KeptSignature, Schemas, State } from "../../api/client";
import { type Translate, useT } from "../../i18n";
import { DataTree } from "../../parts/DataTree";
import { Mark } from "../../parts/Mark";
import { Manifestation } from "../../signing/Manifestation";
import { Instant } from "../../time/Instant";
import { type Json, pointerName, textOf } from "./data";

/** An entry of a history, or of the tenant's activity. */
type LogEntry = Schemas["ActivityRecord"];
type Changes = Schemas["VersionChanges"];
type Tone = "state" | "sign" | "data" | "bad" | "warn" | "good";

interface Told {
  tone: Tone;
  head: ReactNode;
  at?: string | undefined;
  version?: number | undefined;
  said?: string | undefined;
  points?: readonly string[];
  rules?: readonly string[];
  signature?: KeptSignature | undefined;
}

interface Props {
  pages: readonly Schemas["HistoryPage"][];
  /** The list of the newest version: it says which signatures still count. */
  signatures: readonly KeptSignature[];
}

export function Timeline({ pages, signatures }: Props) {
  const changes = new Map(pages.flatMap((page) => page.changes ?? []).map((each) => [each.version, each]));
  const entries = pages.flatMap((page) => page.items).toReversed();
  return (
    <ol className="timeline">
      {entries.map((entry) => (
        <Entry key={nameOf(entry)} entry={entry} changes={changesOf(entry, changes)} signatures={signatures} />
      ))}
    </ol>
  );
}

/** An entry's identity, which stays when entries are added. */
export function nameOf(entry: LogEntry): string {
  if (entry.event_type === "RecoveryAttempt") return `recovery ${entry.version} ${entry.attempt}`;
  if (entry.event_type === "UnreadableEntry") return `unreadable ${entry.entry} ${entry.content}`;
  return entry.event_id;
}

function isVersion(entry: LogEntry): entry is Schemas["WorkflowEvent"] {
  return "to_state" in entry;
}

function changesOf(entry: LogEntry, changes: ReadonlyMap<number, Changes>): Changes | undefined {
  return isVersion(entry) && entry.event_type !== "WorkflowCreated" ? changes.get(entry.version) : undefined;
}

interface EntryProps {
  entry: LogEntry;
  changes: Changes | undefined;
  signatures?: readonly KeptSignature[];
}

export function Entry({ entry, changes, signatures }: EntryProps) {
  const t = useT();
  const told = tell(entry, changes, t, signatures);
  // The head says the new state already.
  const shown = changes?.changes.filter((each) => each.pointer !== "/current_state") ?? [];
  return (
    <li className={`entry entry-${told.tone}`}>
      <div className="entry-head">
        <span className="entry-what">{told.head}</span>
        <span className="entry-when">
          {told.version !== undefined && <code>{t("timeline.version", { version: told.version })}</code>}
          {told.at !== undefined && <Instant at={told.at} both />}
        </span>
      </div>
      {told.signature !== undefined && <Manifestation signature={told.signature} />}
      {told.said !== undefined && <p className="entry-said">{told.said}</p>}
      {told.points !== undefined && told.points.length > 0 && (
        <ul className="entry-points">
          {told.points.map((point) => (
            <li key={point}>{point}</li>
          ))}
        </ul>
      )}
      {shown.length > 0 && (
        <dl className="changes">
          {shown.map((change) => (
            <Change key={change.pointer} change={change} />
          ))}
        </dl>
      )}
      {changes?.truncated === true && <p className="quiet">{t("timeline.truncated")}</p>}
      {told.rules !== undefined && told.rules.length > 0 && (
        <p className="quiet">{t("timeline.rules", { rules: told.rules.join(", ") })}</p>
      )}
    </li>
  );
}

export function Change({ change }: { change: Schemas["ValueChange"] }) {
  const t = useT();
  return (
    <div>
      <dt>{pointerName(change.pointer)}</dt>
      <dd>
        {change.from !== undefined && (
          <del>
            <Value value={change.from as Json} />
          </del>
        )}{" "}
        <span aria-hidden="true">→</span>{" "}
        <ins>{change.to === undefined ? t("timeline.absent") : <Value value={change.to as Json} />}</ins>
      </dd>
    </div>
  );
}

/** A text stands in the line; names with values are drawn as everywhere. */
function Value({ value }: { value: Json }) {
  const isDeep = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  return isDeep ? <DataTree value={value} /> : <code>{textOf(value)}</code>;
}

/** What an entry says, for people. */
export function tell(
  entry: LogEntry,
  changes: Changes | undefined,
  t: Translate,
  signatures: readonly KeptSignature[] = [],
): Told {
  switch (entry.event_type) {
    case "WorkflowTransitionRefused":
      return tellRefusal(entry as Schemas["Refusal"], t);
    case "WorkflowQuarantined": {
      const found = entry as Schemas["Quarantine"];
      const head = t("timeline.quarantined", { version: found.broken_at_version, fault: t(`fault.${found.fault}`) });
      return { tone: "bad", head, at: found.timestamp };
    }
    case "WorkflowReleased": {
      const release = entry as Schemas["Release"];
      const head = t("timeline.released", { who: release.requested_by, version: release.broken_at_version });
      return { tone: "good", head, at: release.timestamp, said: release.reason };
    }
    case "WorkflowOverdue":
      return { tone: "warn", head: t("timeline.overdue"), at: (entry as Schemas["Overdue"]).timestamp };
    case "RecoveryAttempt":
      return tellRecovery(entry as Schemas["RecoveryAttempt"], t);
    case "RecordsExported": {
      const { details, requested_by: who, timestamp: at, reason: said } = entry as Schemas["RecordsExportedEntry"];
      const head = t("timeline.exported", { who, count: details.workflows, entries: details.entries });
      return { tone: "data", head, at, said };
    }
    case "AuditTrailReviewed": {
      const { details, requested_by: who, timestamp: at, reason: said } = entry as Schemas["AuditTrailReviewedEntry"];
      const part = [details.principal, details.kind && t(`audit.kind.${details.kind}`)].filter((each) => each !== undefined).join(", ");
      const head = (
        <>
          {t("timeline.reviewed", { who })} <Instant at={details.from} exact /> – <Instant at={details.to} exact />
          {part !== "" && ` (${t("timeline.reviewed.part", { part })})`}
        </>
      );
      return { tone: "data", head, at, said };
    }
    case "UnreadableEntry":
      return { tone: "bad", head: t("timeline.unreadable"), version: (entry as Schemas["UnreadableEntry"]).version };
    default:
      return isVersion(entry)
        ? tellVersion(entry, changes, t, signatures)
        : { tone: "warn", head: t("timeline.unknown", { kind: String((entry as { event_type: string }).event_type) }) };
  }
}

function tellVersion(
  event: Schemas["WorkflowEvent"],
  changes: Changes | undefined,
  t: Translate,
  signatures: readonly KeptSignature[],
): Told {
  const told = {
    at: event.timestamp,
    version: event.version,
    said: event.failure === undefined ? event.reason : `${event.reason} — ${event.failure.code}: ${event.failure.message}`,
    rules: event.rules.evaluated,
  };
  const who = event.requested_by;
  if (event.event_type === "WorkflowCreated") return { ...told, tone: "state", head: t("timeline.created", { who }) };
  if (event.event_type === "WorkflowRecovered") return { ...told, tone: "good", head: t("timeline.recovered", { who }) };
  if (event.event_type === "WorkflowSigned" && event.signature !== undefined) {
    const signature = keptOf(event, event.signature, signatures);
    return { ...told, tone: "sign", head: t("timeline.signed", { who }), said: event.signature.comment, signature };
  }
  if (event.event_type === "WorkflowAmended") {
    const isRemark = changes !== undefined && changes.changes.length === 0;
    return { ...told, tone: "data", head: t(isRemark ? "timeline.remark" : "timeline.amended", { who }) };
  }
  return { ...told, tone: "state", head: <Moved text={t("timeline.moved", { who })} state={event.to_state} /> };
}

/** The signature as the list keeps it; one that the newest list has no more does not count. */
function keptOf(event: Schemas["WorkflowEvent"], signature: Schemas["Signature"], now: readonly KeptSignature[]): KeptSignature {
  const { meaning, signer_name: name, roles, signed_version: version, signed_hash: hash } = signature;
  const is = (each: KeptSignature) => each.by === event.requested_by && each.meaning === meaning && each.version === version;
  return { meaning, by: event.requested_by, name, roles, at: event.timestamp, version, hash, current: now.some((each) => is(each) && each.current) };
}

function tellRefusal(refusal: Schemas["Refusal"], t: Translate): Told {
  return {
    tone: "bad",
    head: refusedHead(refusal, t),
    at: refusal.timestamp,
    said: refusal.reason,
    points: [
      ...(refusal.code === "forbidden" && (refusal.policies ?? []).length === 0 ? [t("problem.forbidden.detail")] : []),
      ...(refusal.policies ?? []),
      ...(refusal.signature?.insufficient === undefined ? [] : [t(`insufficient.${refusal.signature.insufficient}`)]),
      ...(refusal.reasons ?? []).map(({ message }) => message),
    ],
  };
}

function refusedHead({ requested_by: who, target_state: target, signature }: Schemas["Refusal"], t: Translate): ReactNode {
  if (signature !== undefined) return t("timeline.refused.sign", { who, meaning: t(`meaning.${signature.meaning}`) });
  if (target === undefined) return t("timeline.refused", { who });
  if (target === "CREATED") return t("timeline.refused.create", { who });
  return <Moved text={t("timeline.refused.move", { who })} state={target} />;
}

function tellRecovery(attempt: Schemas["RecoveryAttempt"], t: Translate): Told {
  const status = t(`recovery.${attempt.status}`);
  return {
    tone: attempt.status === "recovered" || attempt.status === "already-consistent" ? "good" : "warn",
    head: t("timeline.recovery", { attempt: attempt.attempt, status }),
    at: attempt.ended_at ?? attempt.started_at ?? attempt.requested_at,
    said: attempt.reason,
    points: (attempt.reasons ?? []).map(({ message }) => message),
  };
}

function Moved({ text, state }: { text: string; state: State }) {
  return (
    <>
      {text} <Mark state={state} />
    </>
  );
}

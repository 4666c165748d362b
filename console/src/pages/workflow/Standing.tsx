/** The head of a workflow: its state, its people and dates, and whether its history is sound. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Schemas, Workflow } from "../../api/client";
import { useClient } from "../../api/context";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { Mark } from "../../parts/Mark";
import { Instant, useNow } from "../../time/Instant";
import { type Verdict, verificationQuery } from "./queries";

interface Props {
  workflow: Workflow;
  mayVerify: boolean;
  mayExport: boolean;
  /** None: this person may not release it. */
  onRelease: (() => void) | undefined;
}

export function Standing({ workflow, mayVerify, mayExport, onRelease }: Props) {
  const t = useT();
  const now = useNow();
  const isOpen = workflow.current_state !== "COMPLETED" && workflow.current_state !== "CANCELLED";
  const isOverdue = isOpen && workflow.due_at !== undefined && Date.parse(workflow.due_at) < now;
  return (
    <header className="standing">
      <div className="standing-title">
        <h1>{workflow.workflow_id}</h1>
        <span className="standing-state" role="status">
          <Mark state={workflow.current_state} />
        </span>
        {Object.entries(workflow.labels ?? {}).map(([name, value]) => (
          <Link key={name} className="chip" to="/bench" search={{ label: [`${name}:${value}`] }}>
            {name} <b>{value}</b>
          </Link>
        ))}
      </div>
      <dl className="standing-facts">
        <Fact name={t("bench.assignee")}>{workflow.assignee ?? "–"}</Fact>
        <Fact name={t("bench.due")}>
          {workflow.due_at === undefined ? (
            "–"
          ) : (
            <span className={isOverdue ? "overdue" : undefined}>
              <Instant at={workflow.due_at} />
              {isOverdue && ` · ${t("bench.overdue")}`}
            </span>
          )}
        </Fact>
        <Fact name={t("workflow.created")}>
          <Instant at={workflow.created_at} /> {t("workflow.by", { who: workflow.created_by })}
        </Fact>
        <Fact name={t("workflow.changed")}>
          <Instant at={workflow.updated_at} />
        </Fact>
        <Fact name={t("workflow.type")}>{workflow.workflow_type}</Fact>
        <Fact name={t("workflow.version")}>{workflow.version}</Fact>
        {workflow.replaces !== undefined && (
          <Fact name={t("workflow.replaces")}>
            <Link to="/workflow/$id" params={{ id: workflow.replaces }} search={{}}>
              {workflow.replaces}
            </Link>
          </Fact>
        )}
      </dl>
      <Quarantined breaks={workflow.quarantines ?? []} onRelease={onRelease} />
      {mayVerify && <Badge workflow={workflow} />}
      {mayExport && (
        <p>
          <Link to="/audit/exports" search={{ workflow: workflow.workflow_id }}>
            {t("exports.this")}
          </Link>
        </p>
      )}
    </header>
  );
}

function Quarantined({ breaks, onRelease }: { breaks: readonly Schemas["QuarantineNotice"][]; onRelease: Props["onRelease"] }) {
  const t = useT();
  if (breaks.length === 0) return null;
  return (
    <div className="note note-bad" role="alert">
      <p className="note-title">{t("workflow.quarantine.title")}</p>
      {breaks.map((notice) => (
        <p key={notice.break_id}>
          {t("workflow.quarantine.break", { version: notice.broken_at_version, fault: t(`fault.${notice.fault}`) })}
        </p>
      ))}
      <p>{t("workflow.quarantine.text")}</p>
      {onRelease !== undefined && (
        <div className="note-foot">
          <Button className="button" onPress={onRelease} aria-haspopup="dialog">
            {t("operate.release")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The result of a check of the whole chain, done now. */
function Badge({ workflow }: { workflow: Workflow }) {
  const t = useT();
  const { data: verdict } = useQuery(verificationQuery(useClient(), workflow.workflow_id, workflow.version));
  if (verdict === undefined) return <p className="badge quiet">{t("workflow.checking")}</p>;
  if (verdict.valid) {
    return (
      <p className="badge badge-good">
        <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
          <path d="M8 1.2 14 3.4v4.3c0 3.6-2.6 5.9-6 7.1-3.4-1.2-6-3.5-6-7.1V3.4z" fill="currentColor" />
          <path d="m5.2 8 2 2 3.6-3.9" fill="none" stroke="var(--paper)" strokeWidth="1.6" />
        </svg>
        {t("workflow.verified", { count: verdict.checked })}
        {verdict.entries > 0 && ` ${t("workflow.entries", { count: verdict.entries })}`}
        <Anchor anchor={verdict.anchor} />
      </p>
    );
  }
  const fault = verdict.fault === undefined ? "" : t(`fault.${verdict.fault as "altered"}`);
  const broken = verdict.brokenAt === undefined ? t("workflow.unsound") : t("workflow.broken", { version: verdict.brokenAt, fault });
  return (
    <>
      <p className="badge badge-bad">
        <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
          <path d="M8 1.6 15.2 14H.8z" fill="currentColor" />
          <path d="M8 6v4M8 11.2v1.4" stroke="var(--paper)" strokeWidth="1.5" />
        </svg>
        {broken}
        <Anchor anchor={verdict.anchor} />
      </p>
      {verdict.brokenEntries.length > 0 && <BrokenEntries broken={verdict.brokenEntries} />}
    </>
  );
}

/** What the newest signed list of the log says of this history. */
function Anchor({ anchor }: { anchor: Verdict["anchor"] }) {
  const t = useT();
  if (anchor?.fault !== undefined) return <strong> {t("workflow.anchor.unusable", { number: anchor.number })}</strong>;
  if (anchor === undefined || anchor.versions === 0) return null;
  return <> {t("workflow.anchor.agrees", { number: anchor.number, count: anchor.versions })}</>;
}

const KINDS = ["refusals", "quarantines", "recoveries", "overdue"] as const;

/** What stands beside the versions and is not as the service wrote it. */
function BrokenEntries({ broken }: { broken: readonly Schemas["BrokenEntry"][] }) {
  const t = useT();
  return (
    <div className="note note-bad" role="alert">
      <p>{t("workflow.broken.entries", { count: broken.length })}</p>
      <ul>
        {broken.map((entry) => {
          const kind = KINDS.find((each) => each === String(entry.kind));
          const name = entry.event_id ?? entry.due_at ?? (entry.attempt === undefined ? "" : String(entry.attempt));
          return (
            <li key={`${entry.kind} ${entry.version} ${name} ${entry.content}`}>
              {kind === undefined ? entry.kind : t(`entry.${kind}`)}
              {entry.version !== undefined && ` ${t("timeline.version", { version: entry.version })}`}
              {name !== "" && (
                <>
                  {" "}
                  <code>{name}</code>
                </>
              )}
              : {t(`entry.fault.${entry.fault}`)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** What exactly is signed: the newest version with its data and its hash, read for this. */
import type { WorkflowEvent } from "../api/client";
import { useT } from "../i18n";
import { DataTree } from "../parts/DataTree";
import { Icon } from "../parts/Icon";
import { Mark } from "../parts/Mark";
import { ProblemNote } from "../parts/ProblemNote";
import type { Json } from "../parts/json";
import { Hash, Signatures } from "./Manifestation";

/** A version that was read, or why it could not be. */
export type Read = { event: WorkflowEvent } | { error: unknown };

/** So many are read at a glance; of more, each opens by a press. */
const OPEN_MAX = 5;

interface Props {
  ids: readonly string[];
  reads: ReadonlyMap<string, Read>;
  /** Those that changed since the person decided. */
  changed: ReadonlySet<string>;
}

export function WhatIsSigned({ ids, reads, changed }: Props) {
  const t = useT();
  return (
    <section className="signed" aria-label={t("sign.what")}>
      <h3>{t("sign.what")}</h3>
      {ids.map((id) => {
        const read = reads.get(id);
        if (read === undefined) {
          return (
            <p key={id} className="quiet" role="status">
              <code>{id}</code> {t("sign.reading")}
            </p>
          );
        }
        if ("error" in read) return <ProblemNote key={id} error={read.error} />;
        return <OneVersion key={id} event={read.event} isOpen={ids.length <= OPEN_MAX} isChanged={changed.has(id)} />;
      })}
    </section>
  );
}

function OneVersion({ event, isOpen, isChanged }: { event: WorkflowEvent; isOpen: boolean; isChanged: boolean }) {
  const t = useT();
  const signatures = event.signatures ?? [];
  return (
    <details className="signed-one" open={isOpen || isChanged}>
      <summary>
        <Icon name="next" />
        <code>{event.workflow_id}</code>
        <Mark state={event.to_state} />
        <span>{t("sign.version", { version: event.version })}</span>
        <span className="quiet">
          {t("sign.hash")} <Hash value={event.hash} />
        </span>
      </summary>
      {isChanged && <p className="note note-warn">{t("sign.changed")}</p>}
      <div className="signed-data">
        {Object.entries(event.labels ?? {}).map(([name, value]) => (
          <span key={name} className="chip">
            {name} <b>{value}</b>
          </span>
        ))}
        {Object.keys(event.metadata).length === 0 ? (
          <p className="quiet">{t("sign.empty")}</p>
        ) : (
          <DataTree value={event.metadata as Json} />
        )}
        <p className="quiet">
          SHA-256 <code className="hash-whole">{event.hash}</code>
        </p>
        {signatures.length > 0 && (
          <>
            <h4>{t("sign.before")}</h4>
            <Signatures signatures={signatures} />
          </>
        )}
      </div>
    </details>
  );
}

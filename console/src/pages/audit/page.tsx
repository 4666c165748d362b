/** The audit: who did what, and when, over all workflows. */
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Suspense, lazy, useState } from "react";

import "../bench/bench.css";
import "../workflow/workflow.css";
import "./audit.css";
import type { Schemas } from "../../api/client";
import { useClient } from "../../api/context";
import { meQuery, useMay } from "../../api/queries";
import { useT } from "../../i18n";
import { useShortcuts, useShortcutsHeld } from "../../keys/keys";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { Pager } from "../../parts/Pager";
import { ProblemNote } from "../../parts/ProblemNote";
import { stringifySearch } from "../../search";
import { Instant } from "../../time/Instant";
import { nameOf, tell } from "../workflow/Timeline";
import { arriving } from "../../parts/arrival";
import { Filters, Periods } from "./Filters";
import { AuditHead } from "./Parts";
import { activityQuery } from "./queries";
import { type AuditSearch, KINDS, spanOf } from "./search";

const ReviewSheet = lazy(() => arriving(import("./ReviewSheet")));

export default function AuditPage() {
  const search = useSearch({ from: "/audit" });
  // Another filter begins on its first page.
  return <Audit key={stringifySearch({ ...search })} search={search} />;
}

function Audit({ search }: { search: AuditSearch }) {
  const t = useT();
  const client = useClient();
  const me = useQuery(meQuery(client));
  const may = useMay(client);
  const [span] = useState(() => spanOf(search, Date.now()));
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const mayAsk = may("listActivity") || may("listOwnActivity");
  const list = useQuery({ ...activityQuery(client, search, span, cursors.at(-1)), enabled: mayAsk });
  const entries = list.data?.items ?? [];
  const next = list.data?.next_cursor;
  const [reviewing, setReviewing] = useState(false);
  const [isSeen, setSeen] = useState(false);
  // The last page is there: the pages before it were open.
  if (list.isSuccess && !list.isPlaceholderData && next === undefined && !isSeen) setSeen(true);
  const canReview = may("reviewAuditTrail") && list.isSuccess;
  const canExport = (me.data?.permitted_actions as readonly string[] | undefined)?.includes("exportRecords") === true;
  const forward = () => {
    if (next !== undefined && !list.isPlaceholderData) setCursors([...cursors, next]);
  };
  const back = () => setCursors(cursors.slice(0, -1));
  useShortcutsHeld(reviewing);
  useShortcuts([
    { keys: "]", label: "bench.next", group: "page", run: forward },
    { keys: "[", label: "bench.previous", group: "page", run: back },
    { keys: "v", label: "audit.key.review", group: "page", run: () => canReview && setReviewing(true) },
  ]);
  return (
    <div className="audit">
      <AuditHead part="activity" aside={<span className="quiet">{t("audit.late")}</span>}>
        <Periods search={search} />
        <Filters search={search} />
      </AuditHead>
      {me.isSuccess && !may("listActivity") && (
        <p className="note note-warn">{t(mayAsk ? "audit.own" : "audit.denied")}</p>
      )}
      {list.error !== null && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {entries.length > 0 && <Entries entries={entries} isBusy={list.isPlaceholderData} />}
      {list.isSuccess && entries.length === 0 && (next !== undefined ? <p>{t("audit.short")}</p> : <Nothing search={search} />)}
      {list.isPending && mayAsk && <p className="quiet">{t("loading")}</p>}
      <Pager page={cursors.length + 1} hasNext={next !== undefined} onNext={forward} onBack={back} />
      {(canReview || canExport) && (
        <div className="audit-foot">
          {canExport && (
            <Link className="button" to="/audit/exports" search={search}>
              {t("exports.this")}
            </Link>
          )}
          {canReview && <Button className="button button-first" onPress={() => setReviewing(true)} aria-haspopup="dialog">
            {t("audit.review")}
          </Button>}
        </div>
      )}
      <Suspense>
        {reviewing && <ReviewSheet search={search} span={span} isSeen={isSeen} onClose={() => setReviewing(false)} />}
      </Suspense>
    </div>
  );
}

/** An empty list names the filter that may have made it empty. */
function Nothing({ search: { principal, kind } }: { search: AuditSearch }) {
  const t = useT();
  const ofKind = kind === undefined ? t("audit.empty.title") : t("audit.empty.kind", { kind: t(`audit.kind.${kind}`) });
  return (
    <Empty title={principal === undefined ? ofKind : t("audit.empty.principal", { who: principal })}>
      <p>{t(principal === undefined ? "audit.empty.text" : "audit.empty.principal.text")}</p>
    </Empty>
  );
}

type Entry = Schemas["ActivityEntry"];

function Entries({ entries, isBusy }: { entries: readonly Entry[]; isBusy: boolean }) {
  const t = useT();
  return (
    <div className="activity" tabIndex={0} role="group" aria-label={t("audit.table")} aria-busy={isBusy}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("audit.at")}</th>
            <th scope="col">{t("audit.kind")}</th>
            <th scope="col">{t("bench.workflow")}</th>
            <th scope="col">{t("audit.what")}</th>
            <th scope="col">{t("audit.reason")}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <EntryRow key={`${entry.workflow_id ?? ""} ${entry.kind} ${nameOf(entry.entry)}`} entry={entry} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function EntryRow({ entry: { at, entry, kind, workflow_id: id } }: { entry: Entry }) {
  const t = useT();
  const told = tell(entry, undefined, t);
  // A newer service may name kinds that this release does not know.
  const known = KINDS.find((each) => each === kind);
  return (
    <tr>
      <td className="activity-at">
        <Instant at={at} exact />
      </td>
      <td className={`activity-kind activity-${told.tone}`}>
        {t(known === undefined ? "audit.kind.unknown" : `audit.kind.${known}`)}
      </td>
      <td>
        {id !== undefined && (
          <Link to="/workflow/$id" params={{ id }} search={{}} preload={false}>
            <code>{id}</code>
          </Link>
        )}
        {told.version !== undefined && <span className="quiet"> {t("timeline.version", { version: told.version })}</span>}
      </td>
      <td>{told.head}</td>
      <td>
        {told.said}
        {told.points?.map((point) => (
          <p key={point}>{point}</p>
        ))}
      </td>
    </tr>
  );
}

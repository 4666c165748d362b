/** The audit: who did what, and when, over all workflows. */
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import "../bench/bench.css";
import "../workflow/workflow.css";
import "./audit.css";
import { type Client, type Schemas, data } from "../../api/client";
import { useClient } from "../../api/context";
import { keys, meQuery, useMay } from "../../api/queries";
import { useT } from "../../i18n";
import { useShortcuts } from "../../keys/keys";
import { Empty } from "../../parts/Empty";
import { PageHead } from "../../parts/PageHead";
import { Pager } from "../../parts/Pager";
import { ProblemNote } from "../../parts/ProblemNote";
import { stringifySearch } from "../../search";
import { Instant } from "../../time/Instant";
import { nameOf, tell } from "../workflow/Timeline";
import { Filters, Periods } from "./Filters";
import { type AuditSearch, KINDS, spanOf } from "./search";

const PAGE = 100;

function activityQuery(client: Client, search: AuditSearch, span: ReturnType<typeof spanOf>, cursor: string | undefined) {
  const query = {
    limit: PAGE,
    ...span,
    ...(search.principal !== undefined && { principal: search.principal }),
    ...(search.kind !== undefined && { kind: search.kind }),
    ...(cursor !== undefined && { cursor }),
  };
  return queryOptions({
    queryKey: [...keys.activity, query],
    queryFn: ({ signal }) => data(client.GET("/activity", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

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
  const forward = () => {
    if (next !== undefined && !list.isPlaceholderData) setCursors([...cursors, next]);
  };
  const back = () => setCursors(cursors.slice(0, -1));
  useShortcuts([
    { keys: "]", label: "bench.next", group: "page", run: forward },
    { keys: "[", label: "bench.previous", group: "page", run: back },
  ]);
  return (
    <div className="audit">
      <PageHead title={t("audit.title")} aside={<span className="quiet">{t("audit.late")}</span>}>
        <Periods search={search} />
        <Filters search={search} />
      </PageHead>
      {me.isSuccess && !may("listActivity") && (
        <p className="note note-warn">{t(mayAsk ? "audit.own" : "audit.denied")}</p>
      )}
      {list.error !== null && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {entries.length > 0 && <Entries entries={entries} isBusy={list.isPlaceholderData} />}
      {list.isSuccess && entries.length === 0 && (next !== undefined ? <p>{t("audit.short")}</p> : <Nothing />)}
      {list.isPending && mayAsk && <p className="quiet">{t("loading")}</p>}
      <Pager page={cursors.length + 1} hasNext={next !== undefined} onNext={forward} onBack={back} />
    </div>
  );
}

function Nothing() {
  const t = useT();
  return (
    <Empty title={t("audit.empty.title")}>
      <p>{t("audit.empty.text")}</p>
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
        <Instant at={at} />
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

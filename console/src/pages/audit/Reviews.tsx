/** The reviews that people recorded: of which period, of what in it, and what they found. */
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import "../bench/bench.css";
import "./audit.css";
import type { Schemas } from "../../api/client";
import { useClient } from "../../api/context";
import { meQuery, useMay } from "../../api/queries";
import { useT } from "../../i18n";
import { Empty } from "../../parts/Empty";
import { Pager } from "../../parts/Pager";
import { ProblemNote } from "../../parts/ProblemNote";
import { stringifySearch } from "../../search";
import { Instant } from "../../time/Instant";
import { Periods } from "./Filters";
import { AuditHead } from "./Parts";
import { Scope, Span } from "./Scope";
import { activityQuery } from "./queries";
import { isPartial, wholeUntil } from "./review";
import { type AuditSearch, spanOf } from "./search";

type Review = Schemas["AuditTrailReviewedEntry"];

export default function ReviewsPage() {
  const search = useSearch({ from: "/audit/reviews" });
  return <Reviews key={stringifySearch({ ...search })} search={search} />;
}

function Reviews({ search }: { search: AuditSearch }) {
  const t = useT();
  const client = useClient();
  const me = useQuery(meQuery(client));
  const may = useMay(client);
  const [span] = useState(() => spanOf(search, Date.now()));
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const mayAsk = may("listActivity") || may("listOwnActivity");
  const asked = { ...search, kind: "AuditTrailReviewed" as const };
  const list = useQuery({ ...activityQuery(client, asked, span, cursors.at(-1)), enabled: mayAsk });
  const reviews = (list.data?.items ?? []).flatMap(({ entry }) => (entry.event_type === "AuditTrailReviewed" ? [entry as Review] : []));
  const next = list.data?.next_cursor;
  const isAll = list.isSuccess && next === undefined && cursors.length === 0 && may("listActivity");
  return (
    <div className="audit">
      <AuditHead part="reviews" aside={<span className="quiet">{t("audit.late")}</span>}>
        <Periods search={search} to="/audit/reviews" />
      </AuditHead>
      {me.isSuccess && !may("listActivity") && (
        <p className="note note-warn">{t(mayAsk ? "audit.own" : "audit.denied")}</p>
      )}
      {list.error !== null && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {isAll && reviews.length > 0 && <Until until={wholeUntil(reviews.map(({ details }) => details))} />}
      {reviews.length > 0 && <Table reviews={reviews} isBusy={list.isPlaceholderData} />}
      {list.isSuccess && reviews.length === 0 && (next !== undefined ? <p>{t("audit.short")}</p> : <Nothing />)}
      {list.isPending && mayAsk && <p className="quiet">{t("loading")}</p>}
      <Pager
        page={cursors.length + 1}
        hasNext={next !== undefined}
        onNext={() => next !== undefined && !list.isPlaceholderData && setCursors([...cursors, next])}
        onBack={() => setCursors(cursors.slice(0, -1))}
      />
    </div>
  );
}

function Until({ until }: { until: string | undefined }) {
  const t = useT();
  if (until === undefined) return <p className="quiet">{t("reviews.until.none")}</p>;
  return (
    <p className="reviews-until">
      <span>
        {t("reviews.until.whole")} <b><Instant at={until} exact /></b>
      </span>
      <Link to="/audit" search={{ from: until }}>
        {t("reviews.since")}
      </Link>
    </p>
  );
}

function Nothing() {
  const t = useT();
  return (
    <Empty title={t("reviews.empty.title")}>
      <p>{t("reviews.empty.text")}</p>
      <Link className="button" to="/audit" search={{}}>
        {t("reviews.empty.action")}
      </Link>
    </Empty>
  );
}

function Table({ reviews, isBusy }: { reviews: readonly Review[]; isBusy: boolean }) {
  const t = useT();
  return (
    <div className="activity" tabIndex={0} role="group" aria-label={t("reviews.table")} aria-busy={isBusy}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("audit.at")}</th>
            <th scope="col">{t("reviews.who")}</th>
            <th scope="col">{t("reviews.period")}</th>
            <th scope="col">{t("reviews.scope")}</th>
            <th scope="col">{t("reviews.found")}</th>
          </tr>
        </thead>
        <tbody>
          {reviews.map(({ event_id: id, timestamp, requested_by: who, reason, details }) => (
            <tr key={id}>
              <td className="activity-at">
                <Instant at={timestamp} exact />
              </td>
              <td className="activity-kind">{who}</td>
              <td>
                <Link className="reviews-period" to="/audit" search={searchOf(details)} title={t("reviews.open")}>
                  <Span from={details.from} to={details.to} />
                </Link>
              </td>
              <td>
                <span className={isPartial(details) ? "tag tag-warn" : "tag tag-good"}>
                  {t(isPartial(details) ? "reviews.part" : "reviews.whole")}
                </span>
                {isPartial(details) && (
                  <p className="quiet">
                    <Scope principal={details.principal} kind={details.kind} />
                  </p>
                )}
              </td>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The same activity, as the page of the activity shows it. */
function searchOf({ from, to, principal, kind }: Schemas["AuditTrailReviewed"]): AuditSearch {
  return { from, to, ...(principal !== undefined && { principal }), ...(kind !== undefined && { kind }) };
}

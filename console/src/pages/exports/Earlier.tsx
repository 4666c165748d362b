/** What was exported in the last 30 days, as the log says it. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { Schemas } from "../../api/client";
import { useClient } from "../../api/context";
import { useMay } from "../../api/queries";
import { useLanguage, useT } from "../../i18n";
import { ProblemNote } from "../../parts/ProblemNote";
import { Instant } from "../../time/Instant";
import { activityQuery } from "../audit/queries";
import { spanOf } from "../audit/search";

const SHOWN = 5;

export function Earlier() {
  const t = useT();
  const number = new Intl.NumberFormat(useLanguage());
  const client = useClient();
  const may = useMay(client);
  const [span] = useState(() => spanOf({ period: "month" }, Date.now()));
  const mayAsk = may("listActivity") || may("listOwnActivity");
  const list = useQuery({ ...activityQuery(client, { kind: "RecordsExported" }, span, undefined), enabled: mayAsk });
  const made = (list.data?.items ?? []).flatMap(({ entry }) => (entry.event_type === "RecordsExported" ? [entry as Schemas["RecordsExportedEntry"]] : []));
  if (!mayAsk) return null;
  return (
    <section className="exports-earlier" aria-labelledby="exports-earlier">
      <h3 id="exports-earlier">{t("exports.earlier")}</h3>
      {list.error !== null && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && made.length === 0 && <p className="quiet">{t("exports.earlier.none")}</p>}
      <ul>
        {made.slice(0, SHOWN).map(({ event_id: id, requested_by: who, timestamp, details, reason }) => (
          <li key={id}>
            <Instant at={timestamp} exact /> · <b>{who}</b> · {t("exports.earlier.entries", { count: details.entries, number: number.format(details.entries) })}
            {reason !== undefined && <p className="quiet">{reason}</p>}
          </li>
        ))}
      </ul>
      {made.length > 0 && (
        <Link to="/audit" search={{ period: "month", kind: "RecordsExported" }}>
          {t("exports.earlier.all")}
        </Link>
      )}
    </section>
  );
}

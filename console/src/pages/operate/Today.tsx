/** How it goes: what is in each state now, what the last day brought, and whether the machine keeps up. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { STATES } from "../../api/client";
import { useClient } from "../../api/context";
import { countsQuery, useMay } from "../../api/queries";
import { useLanguage, useT } from "../../i18n";
import { Mark } from "../../parts/Mark";
import { usePreferences } from "../../preferences";
import { Instant } from "../../time/Instant";
import { Bars } from "./Bars";
import { Waits } from "./Waits";
import { dayQuery, publishingQuery, sweepQuery } from "./queries";

const SHOWN_WAITING = 5;

export function Today() {
  const may = useMay(useClient());
  const mayAsk = may("listActivity") || may("listOwnActivity");
  return (
    <div className="today">
      <Now />
      {mayAsk && <LastDay isOwn={!may("listActivity")} />}
      {may("listActivity") && <Machine />}
    </div>
  );
}

/** A line for each state, as long as its share of the largest. */
function Now() {
  const t = useT();
  const number = new Intl.NumberFormat(useLanguage());
  const counts = useQuery(countsQuery(useClient()));
  const most = Math.max(1, ...Object.values(counts.data?.counts ?? {}));
  return (
    <section aria-labelledby="operate-now">
      <h2 id="operate-now">{t("operate.now")}</h2>
      <Waits query={counts} />
      {counts.data !== undefined && (
        <table className="shares">
          <tbody>
            {STATES.map((state) => (
              <tr key={state}>
                <th scope="row">
                  <Mark state={state} />
                </th>
                <td className="share-number">{number.format(counts.data.counts[state])}</td>
                <td className="share-bar" aria-hidden="true">
                  <svg viewBox="0 0 100 8" preserveAspectRatio="none" className={`shape-${state}`}>
                    <rect width={(100 * counts.data.counts[state]) / most} height="8" fill="currentColor" />
                  </svg>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {counts.data?.complete === false && <p className="quiet">{t("operate.now.lower")}</p>}
    </section>
  );
}

function LastDay({ isOwn }: { isOwn: boolean }) {
  const t = useT();
  const language = useLanguage();
  const { zone } = usePreferences();
  const day = useQuery(dayQuery(useClient()));
  const clock = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "de-DE", {
    hour: "2-digit",
    minute: "2-digit",
    ...(zone === "utc" ? { timeZone: "UTC" } : {}),
  });
  return (
    <section aria-labelledby="operate-day">
      <h2 id="operate-day">{t(isOwn ? "operate.day.mine" : "operate.day")}</h2>
      <Waits query={day} />
      {day.data !== undefined && (
        <>
          <p className="day-numbers">
            <span className="key-done">{t("operate.day.done", { count: day.data.done })}</span>
            <span className="key-refused">{t("operate.day.refused", { count: day.data.refused })}</span>
          </p>
          <Bars
            hours={day.data.hours}
            clockOf={(at) => clock.format(at)}
            nameOf={({ from, done, refused }) => t("operate.hour", { hour: clock.format(from), done, refused })}
          />
          {!day.data.isComplete && (
            <p className="quiet">
              {t("operate.day.part")} <Instant at={new Date(day.data.since).toISOString()} />
            </p>
          )}
          {isOwn && <p className="quiet">{t("operate.day.own")}</p>}
        </>
      )}
    </section>
  );
}

/** Whether what is written reaches the lists, and whether the sweep looks after the rest. */
function Machine() {
  const t = useT();
  const client = useClient();
  const may = useMay(client);
  const publishing = useQuery(publishingQuery(client));
  const day = useQuery(dayQuery(client)).data;
  const waiting = publishing.data?.waiting ?? [];
  return (
    <section aria-labelledby="operate-machine">
      <h2 id="operate-machine">{t("operate.machine")}</h2>
      <Waits query={publishing} />
      {publishing.data !== undefined && waiting.length === 0 && (
        <p className="machine-good">{t("operate.published", { count: publishing.data.looked })}</p>
      )}
      {waiting[0] !== undefined && (
        <div className="note note-warn">
          <p>
            {t("operate.waiting", { count: waiting.length })} <Instant at={new Date(waiting[0].since).toISOString()} />
          </p>
          <ul>
            {waiting.slice(0, SHOWN_WAITING).map(({ workflowId, version, published }) => (
              <li key={workflowId}>
                <Link to="/workflow/$id" params={{ id: workflowId }} search={{}}>
                  <code>{workflowId}</code>
                </Link>{" "}
                {t("operate.waiting.one", { version, published: published ?? "–" })}
              </li>
            ))}
          </ul>
        </div>
      )}
      {may("getSweep") && <Swept />}
      {day !== undefined && (
        <ul className="machine-facts">
          <li>{t("operate.swept", { count: day.started.sweep })}</li>
          <li>{t("operate.failures", { count: day.started.failure })}</li>
          <li>{t("operate.asked", { count: day.started.request })}</li>
          <li>{t("operate.breaks", { found: day.quarantined, released: day.released })}</li>
        </ul>
      )}
    </section>
  );
}

/** When the sweep last looked, and at how much. */
function Swept() {
  const t = useT();
  const sweep = useQuery(sweepQuery(useClient()));
  if (sweep.data === undefined) return <Waits query={sweep} />;
  const { last_swept_at, open_coverage_percent, last_round_ended_at } = sweep.data;
  if (last_swept_at === undefined) return <p className="quiet">{t("operate.sweep.never")}</p>;
  return (
    <ul className="machine-facts">
      <li>
        {t("operate.sweep.last")} <Instant at={last_swept_at} />
      </li>
      <li>
        {open_coverage_percent === undefined
          ? t("operate.sweep.open.unknown")
          : t("operate.sweep.open", { percent: open_coverage_percent })}
      </li>
      <li>
        {last_round_ended_at === undefined ? (
          t("operate.sweep.whole.never")
        ) : (
          <>
            {t("operate.sweep.whole")} <Instant at={last_round_ended_at} />
          </>
        )}
      </li>
    </ul>
  );
}

/** How it goes: what is in each state now, what the last day brought, and whether the machine keeps up. */
import { useQuery } from "@tanstack/react-query";

import { STATES } from "../../api/client";
import { useClient } from "../../api/context";
import { countsQuery, useMay } from "../../api/queries";
import { useLanguage, useT } from "../../i18n";
import { Mark } from "../../parts/Mark";
import { usePreferences } from "../../preferences";
import { Bars } from "./Bars";
import { CountedSince } from "./CountedSince";
import { Machine } from "./Machine";
import { Waits, readOf } from "./Waits";
import { dayQuery } from "./queries";

export function Today() {
  const may = useMay(useClient());
  const seesAll = may("listActivity");
  return (
    <div className="today">
      <Now />
      {(seesAll || may("listOwnActivity")) && <LastDay isOwn={!seesAll} />}
      {(seesAll || may("getSweep")) && <Machine />}
    </div>
  );
}

/** A line for each state, as long as its share of the largest. */
function Now() {
  const t = useT();
  const number = new Intl.NumberFormat(useLanguage());
  const counts = useQuery(countsQuery(useClient()));
  const read = readOf(counts);
  const most = Math.max(1, ...Object.values(read?.counts ?? {}));
  return (
    <section aria-labelledby="operate-now">
      <h2 id="operate-now">{t("operate.now")}</h2>
      <Waits query={counts} />
      {read !== undefined && (
        <table className="shares">
          <tbody>
            {STATES.map((state) => (
              <tr key={state}>
                <th scope="row">
                  <Mark state={state} />
                </th>
                <td className="share-number">{number.format(read.counts[state])}</td>
                <td className="share-bar" aria-hidden="true">
                  <svg viewBox="0 0 100 8" preserveAspectRatio="none" className={`shape-${state}`}>
                    <rect width={(100 * read.counts[state]) / most} height="8" fill="currentColor" />
                  </svg>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {read?.complete === false && <p className="quiet">{t("operate.now.lower")}</p>}
    </section>
  );
}

function LastDay({ isOwn }: { isOwn: boolean }) {
  const t = useT();
  const language = useLanguage();
  const { zone } = usePreferences();
  const day = useQuery(dayQuery(useClient()));
  const read = readOf(day);
  const clock = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "de-DE", {
    hour: "2-digit",
    minute: "2-digit",
    ...(zone === "utc" ? { timeZone: "UTC" } : {}),
  });
  return (
    <section aria-labelledby="operate-day">
      <h2 id="operate-day">{t(isOwn ? "operate.day.mine" : "operate.day")}</h2>
      <Waits query={day} unread={t("operate.day.unread")} />
      {read !== undefined && (
        <>
          <p className="day-numbers">
            <span className="key-done">{t("operate.day.done", { count: read.done })}</span>
            <span className="key-refused">{t("operate.day.refused", { count: read.refused })}</span>
          </p>
          <Bars
            hours={read.hours}
            clockOf={(at) => clock.format(at)}
            nameOf={({ from, done, refused }) => t("operate.hour", { hour: clock.format(from), done, refused })}
          />
          <CountedSince day={read} />
          {isOwn && <p className="quiet">{t("operate.day.own")}</p>}
        </>
      )}
    </section>
  );
}

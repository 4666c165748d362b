/** Whether what is written reaches the lists, and whether the sweep looks after the rest. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { Schemas } from "../../api/client";
import { useClient } from "../../api/context";
import { useMay } from "../../api/queries";
import { type Translate, useT } from "../../i18n";
import { Instant } from "../../time/Instant";
import { CountedSince } from "./CountedSince";
import { Waits, readOf } from "./Waits";
import { dayQuery, publishingQuery, sweepQuery } from "./queries";

const SHOWN_WAITING = 5;

/** Every role may see the sweep; the rest is read from the activity of all. */
export function Machine() {
  const t = useT();
  const may = useMay(useClient());
  const seesAll = may("listActivity");
  return (
    <section aria-labelledby="operate-machine">
      <h2 id="operate-machine">{t(seesAll ? "operate.machine" : "operate.machine.sweep")}</h2>
      {seesAll && <Published />}
      {may("getSweep") && <Swept />}
      {seesAll && <Started />}
    </section>
  );
}

function Published() {
  const t = useT();
  const publishing = useQuery(publishingQuery(useClient()));
  const read = readOf(publishing);
  const waiting = read?.waiting ?? [];
  return (
    <>
      <Waits query={publishing} unread={t("operate.published.unread")} />
      {read !== undefined && waiting.length === 0 && (
        <p className="machine-good">{t("operate.published", { count: read.looked })}</p>
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
    </>
  );
}

function Swept() {
  const t = useT();
  const sweep = useQuery(sweepQuery(useClient()));
  const read = readOf(sweep);
  return (
    <>
      <Waits query={sweep} unread={t("operate.sweep.unread")} />
      {read !== undefined && <Sweep sweep={read} />}
    </>
  );
}

/** When the sweep last looked, and at how much. Of a sweep of another release only the end of a round may be known. */
function Sweep({ sweep }: { sweep: Schemas["Sweep"] }) {
  const t = useT();
  const { last_swept_at, open_coverage_percent: percent, last_round_ended_at } = sweep;
  return (
    <ul className="machine-facts">
      {last_swept_at === undefined ? (
        <li>{t("operate.sweep.last.unknown")}</li>
      ) : (
        <>
          <li>
            {t("operate.sweep.last")} <Instant at={last_swept_at} />
          </li>
          <li>{openOf(percent, t)}</li>
        </>
      )}
      {last_round_ended_at !== undefined && (
        <li>
          {t("operate.sweep.whole")} <Instant at={last_round_ended_at} />
        </li>
      )}
      {last_round_ended_at === undefined && last_swept_at !== undefined && <li>{t("operate.sweep.whole.never")}</li>}
    </ul>
  );
}

/** Of many open workflows a sweep compares a part, and the next goes on from there: less than all is no fault. */
function openOf(percent: number | undefined, t: Translate): string {
  if (percent === undefined) return t("operate.sweep.open.unknown");
  return percent < 100 ? t("operate.sweep.open.part", { percent }) : t("operate.sweep.open");
}

/** What the sweep, failures and persons started, and the breaks. The section of the day says when it could not be read. */
function Started() {
  const t = useT();
  const day = readOf(useQuery(dayQuery(useClient())));
  if (day === undefined) return null;
  return (
    <>
      <h3>{t("operate.started")}</h3>
      <ul className="machine-facts">
        <li>{t("operate.swept", { count: day.started.sweep })}</li>
        <li>{t("operate.failures", { count: day.started.failure })}</li>
        <li>{t("operate.asked", { count: day.started.request })}</li>
        <li>{t("operate.breaks", { found: day.quarantined, released: day.released })}</li>
      </ul>
      <CountedSince day={day} />
    </>
  );
}

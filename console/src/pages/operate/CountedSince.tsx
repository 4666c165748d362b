import { useT } from "../../i18n";
import { Instant } from "../../time/Instant";
import type { Day } from "./day";

/** Since when the entries of a busy day are counted. */
export function CountedSince({ day }: { day: Day }) {
  const t = useT();
  if (day.isComplete) return null;
  return (
    <p className="quiet">
      {t("operate.day.part")} <Instant at={new Date(day.since).toISOString()} />
    </p>
  );
}

import type { HistoryEntry } from "../../api/client";
import { useT } from "../../i18n";

/** Each event exactly as it stands in the log and goes over the bus. */
export function EventsPanel({ entries }: { entries: readonly HistoryEntry[] }) {
  const t = useT();
  return (
    <ol className="events">
      {entries.toReversed().map((entry, index) => (
        <li key={"event_id" in entry ? entry.event_id : index}>
          <details>
            <summary>
              <code>{entry.event_type}</code>
              {"version" in entry && entry.version !== undefined && (
                <span className="quiet">{t("timeline.version", { version: entry.version })}</span>
              )}
            </summary>
            <pre className="json" tabIndex={0}>
              {JSON.stringify(entry, undefined, 2)}
            </pre>
          </details>
        </li>
      ))}
    </ol>
  );
}

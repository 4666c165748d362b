/** What became of each of many: the counts, and a table in which equal refusals share a row. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import "./results.css";
import { useT } from "../i18n";
import type { Group, Look } from "./groups";

const PATHS: Record<Look, string> = {
  good: "m3 8.5 3.4 3.4L13 5",
  refused: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  conflict: "M2 5.5h9.5L9 3M14 10.5H4.5L7 13",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  waits: "M3 8h.1M8 8h.1M13 8h.1",
};

function Count({ look, children }: { look: Look; children: ReactNode }) {
  return (
    <span className={`count count-${look}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" className="outcome-shape">
        <path d={PATHS[look]} />
      </svg>
      {children}
    </span>
  );
}

interface SummaryProps {
  /** How many there are of a kind, and that in words. */
  counts: readonly { look: Look; count: number; text: string }[];
  children?: ReactNode;
}

export function Summary({ counts, children }: SummaryProps) {
  const t = useT();
  const seen = counts.filter(({ count }) => count > 0);
  return (
    <div role="status" aria-label={t("act.result")} className="summary" tabIndex={-1} data-focus-lost>
      {seen.map(({ look, text }) => (
        <Count key={text} look={look}>
          {text}
        </Count>
      ))}
      {children}
    </div>
  );
}

interface Props<Result> {
  groups: readonly Group<Result>[];
  idOf: (result: Result) => string;
  /** The heading over the reasons. */
  why: string;
  /** What a result shows besides its sentences. */
  more?: (result: Result) => ReactNode;
}

export function ResultsTable<Result>({ groups, idOf, why, more }: Props<Result>) {
  const t = useT();
  return (
    <div className="results-scroll" tabIndex={0} role="group" aria-label={t("act.result")}>
      <table className="results">
        <thead>
          <tr>
            <th scope="col">{t("act.outcome")}</th>
            <th scope="col">{t("bench.workflow")}</th>
            <th scope="col">{why}</th>
          </tr>
        </thead>
        <tbody>
          {groups.map(({ look, outcome, sentences, results, requestId }) => (
            <tr key={idOf(results[0])}>
              <td>
                <Count look={look}>
                  {results.length > 1 ? t("act.kind.many", { count: results.length, kind: outcome }) : outcome}
                </Count>
              </td>
              <td>
                <div className="results-ids">
                  {results.map(idOf).map((id) => (
                    <Link key={id} to="/workflow/$id" params={{ id }} search={{}} target="_blank">
                      <code>{id}</code>
                    </Link>
                  ))}
                </div>
              </td>
              <td>
                {sentences.map((sentence) => (
                  <p key={sentence}>{sentence}</p>
                ))}
                {more?.(results[0])}
                {results.length === 1 && requestId !== undefined && (
                  <p className="quiet">
                    {t("problem.request")} <code>{requestId}</code>
                  </p>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

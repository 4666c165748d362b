/** What became of each: first those that need a person, with the service's own words. */
import type { ReactNode } from "react";

import type { ProblemBody } from "../api/problem";
import { type Translate, useT } from "../i18n";
import { useProblemWords } from "../parts/problemWords";
import { Manifestation } from "./Manifestation";
import { type Outcome, sentences } from "./signing";

type Kind = Outcome["is"];

const URGENCY: Record<Kind, number> = { changed: 0, undecided: 1, refused: 2, waits: 3, signed: 4 };
const PATHS: Record<Kind, string> = {
  signed: "m3 8.5 3.4 3.4L13 5",
  refused: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  changed: "M2 5.5h9.5L9 3M14 10.5H4.5L7 13",
  undecided: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  waits: "M3 8h.1M8 8h.1M13 8h.1",
};
const LOOKS: Record<Kind, string> = {
  signed: "count count-moved",
  refused: "count count-refused",
  changed: "count count-conflict",
  undecided: "count count-again",
  waits: "count",
};

export function Count({ kind, children }: { kind: Kind; children: ReactNode }) {
  return (
    <span className={LOOKS[kind]}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" className="outcome-shape">
        <path d={PATHS[kind]} />
      </svg>
      {children}
    </span>
  );
}

export function Outcomes({ outcomes }: { outcomes: ReadonlyMap<string, Outcome> }) {
  const t = useT();
  const words = useProblemWords();
  const rows = [...outcomes].sort(([, a], [, b]) => URGENCY[a.is] - URGENCY[b.is]);
  return (
    <div className="results-scroll" tabIndex={0} role="group" aria-label={t("act.result")}>
      <table className="results">
        <thead>
          <tr>
            <th scope="col">{t("act.outcome")}</th>
            <th scope="col">{t("bench.workflow")}</th>
            <th scope="col">{t("sign.why")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([id, outcome]) => (
            <tr key={id}>
              <td>
                <Count kind={outcome.is}>{t(`sign.is.${outcome.is}`)}</Count>
              </td>
              <td>
                <a href={`/workflow/${encodeURIComponent(id)}`} target="_blank" rel="noreferrer">
                  <code>{id}</code>
                </a>
              </td>
              <td>
                {outcome.is === "signed" ? (
                  <Manifestation signature={outcome.signature} />
                ) : (
                  whyOf(outcome, t, (said) => words(said).detail).map((why) => <p key={why}>{why}</p>)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function whyOf(outcome: Outcome, t: Translate, detailOf: (said: ProblemBody) => string): string[] {
  if (outcome.is === "waits" || outcome.is === "signed") return [];
  const { problem } = outcome;
  if (problem.code === "unreachable") return [t("problem.unreachable.title"), t("move.lost")];
  if (outcome.is === "changed") return [t("sign.is.changed.text", { version: problem.body.version ?? "?" })];
  const request = outcome.is === "undecided" && problem.requestId !== undefined ? [problem.requestId] : [];
  return [...sentences(problem, detailOf), ...request];
}

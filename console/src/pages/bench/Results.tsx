/** What became of each: first those that need a person, with the rule's own words. */
import { Link } from "@tanstack/react-router";

import type { State } from "../../api/client";
import { moveName } from "../../api/lifecycle";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { Mark } from "../../parts/Mark";
import { useProblemWords } from "../../parts/problemWords";
import { type Group, type Kind, type Result, grouped, kindOf, sentences } from "./act";

interface Props {
  results: readonly Result[];
  target: State;
  dryRun: boolean;
  onBack: () => void;
  onDo: () => void;
  onRepeat: (ids: ReadonlySet<string>) => void;
  onDecideAgain: (results: readonly Result[]) => void;
  onDone: () => void;
}

export function Results({ results, target, dryRun, onBack, onDo, onRepeat, onDecideAgain, onDone }: Props) {
  const t = useT();
  const words = useProblemWords();
  const said = (result: Result) => sentences(result, (problem) => words(problem).detail);
  const of = (kind: Kind) => results.filter((result) => kindOf(result) === kind);
  const conflicts = of("conflict");
  const again = of("again");
  const would = of("would-move");
  return (
    <>
      <div role="status" aria-label={t("act.result")} className="summary" tabIndex={-1} data-focus-lost>
        <Count kind="moved" text={t("act.moved", { count: of("moved").length })} count={of("moved").length} />
        <Count kind="would-move" text={t("act.would", { count: would.length })} count={would.length} />
        <Count kind="refused" text={t("act.refused", { count: of("refused").length })} count={of("refused").length} />
        <Count kind="conflict" text={t("act.conflict", { count: conflicts.length })} count={conflicts.length} />
        <Count kind="again" text={t("act.again", { count: again.length })} count={again.length} />
        {dryRun && <p className="summary-note">{t("act.dry")}</p>}
      </div>
      <div className="results-scroll" tabIndex={0} role="group" aria-label={t("act.result")}>
        <table className="results">
          <thead>
            <tr>
              <th scope="col">{t("act.outcome")}</th>
              <th scope="col">{t("bench.workflow")}</th>
              <th scope="col">{t("act.why")}</th>
            </tr>
          </thead>
          <tbody>
            {grouped(results, said).map((group) => (
              <GroupRow key={group.results[0]?.workflow_id} group={group} />
            ))}
          </tbody>
        </table>
      </div>
      <div className="sheet-foot">
        {dryRun && (
          <Button className="button" onPress={onBack}>
            {t("act.back")}
          </Button>
        )}
        {dryRun && would.length > 0 && (
          <Button className="button button-first" onPress={onDo}>
            {t("act.do", { name: t(moveName(target)), count: results.length })}
          </Button>
        )}
        {!dryRun && again.length > 0 && (
          <Button className="button" onPress={() => onRepeat(new Set(again.map((result) => result.workflow_id)))}>
            {t("act.repeat", { count: again.length })}
          </Button>
        )}
        {conflicts.length > 0 && (
          <Button className="button" onPress={() => onDecideAgain(conflicts)}>
            {t("act.decide", { count: conflicts.length })}
          </Button>
        )}
        {!dryRun && (
          <Button className="button button-first" onPress={onDone} autoFocus>
            {t("act.done")}
          </Button>
        )}
      </div>
    </>
  );
}

function Count({ kind, count, text }: { kind: Kind; count: number; text: string }) {
  if (count === 0) return null;
  return (
    <span className={`count count-${kind}`}>
      <OutcomeShape kind={kind} />
      {text}
    </span>
  );
}

const PATHS: Record<Kind, string> = {
  "moved": "m3 8.5 3.4 3.4L13 5",
  "would-move": "m3 8.5 3.4 3.4L13 5",
  "refused": "M3.5 3.5l9 9M12.5 3.5l-9 9",
  "conflict": "M2 5.5h9.5L9 3M14 10.5H4.5L7 13",
  "again": "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
};

export function OutcomeShape({ kind }: { kind: Kind }) {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" className="outcome-shape">
      <path d={PATHS[kind]} />
    </svg>
  );
}

function GroupRow({ group: { kind, sentences: said, results } }: { group: Group }) {
  const t = useT();
  const [first] = results;
  const { problem, workflow } = first ?? {};
  return (
    <tr>
      <td>
        <span className={`count count-${kind}`}>
          <OutcomeShape kind={kind} />
          {results.length > 1 ? t("act.kind.many", { count: results.length, kind: t(`act.kind.${kind}`) }) : t(`act.kind.${kind}`)}
        </span>
      </td>
      <td className={results.length > 1 ? "results-many" : undefined}>
        {results.map(({ workflow_id: id }) => (
          <Link key={id} to="/workflow/$id" params={{ id }} search={{}} target="_blank">
            <code>{id}</code>
          </Link>
        ))}
      </td>
      <td>
        {problem?.code === "version-conflict" ? (
          <>
            {t("act.changed", { version: problem.version })} <Mark state={problem.current_state} />
          </>
        ) : (
          said.map((sentence) => <p key={sentence}>{sentence}</p>)
        )}
        {kind === "moved" && workflow !== undefined && (
          <span className="moved-to">
            <Mark state={workflow.current_state} />
            <span className="quiet">{t("act.version", { version: workflow.version })}</span>
          </span>
        )}
        {problem !== undefined && kind === "again" && <p className="quiet">{problem.request_id}</p>}
      </td>
    </tr>
  );
}

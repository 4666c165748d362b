/** What became of each: first those that need a person, with the rule's own words. */
import type { ReactNode } from "react";

import type { State } from "../../api/client";
import { moveName } from "../../api/lifecycle";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { Mark } from "../../parts/Mark";
import { ResultsTable, Summary } from "../../parts/ResultsTable";
import { byUrgency, grouped } from "../../parts/groups";
import { useProblemWords } from "../../parts/problemWords";
import { type Kind, type Result, kindOf, toldOf } from "./act";

interface Props {
  results: readonly Result[];
  target: State;
  dryRun: boolean;
  /** Some are asked again. */
  isBusy: boolean;
  onBack: () => void;
  onDo: () => void;
  onRepeat: (ids: ReadonlySet<string>) => void;
  onDecideAgain: (results: readonly Result[]) => void;
  onDone: () => void;
  children: ReactNode;
}

export function Results(props: Props) {
  const { results, dryRun, children } = props;
  const t = useT();
  const words = useProblemWords();
  const of = (kind: Kind) => results.filter((result) => kindOf(result) === kind);
  const conflicts = of("conflict");
  const again = of("again");
  const would = of("would-move");
  const moved = of("moved").length;
  const refused = of("refused").length;
  return (
    <>
      <Summary
        counts={[
          { look: "good", count: moved, text: t("act.moved", { count: moved }) },
          { look: "good", count: would.length, text: t("act.would", { count: would.length }) },
          { look: "refused", count: refused, text: t("act.refused", { count: refused }) },
          { look: "conflict", count: conflicts.length, text: t("act.conflict", { count: conflicts.length }) },
          { look: "again", count: again.length, text: t("act.again", { count: again.length }) },
        ]}
      >
        {dryRun && <p className="summary-note">{t("act.dry")}</p>}
      </Summary>
      <ResultsTable
        groups={byUrgency(grouped(results, (result) => toldOf(result, t, (problem) => words(problem).detail)))}
        idOf={(result) => result.workflow_id}
        why={t("act.why")}
        more={(result) => <More result={result} />}
      />
      {children}
      <Foot {...props} would={would.length} again={again} conflicts={conflicts} />
    </>
  );
}

interface FootProps extends Omit<Props, "children"> {
  would: number;
  again: readonly Result[];
  conflicts: readonly Result[];
}

function Foot({ results, target, dryRun, isBusy, would, again, conflicts, onBack, onDo, onRepeat, onDecideAgain, onDone }: FootProps) {
  const t = useT();
  return (
    <div className="sheet-foot">
      {dryRun && (
        <Button className="button" onPress={onBack}>
          {t("act.back")}
        </Button>
      )}
      {dryRun && would > 0 && (
        <Button className="button button-first" onPress={onDo}>
          {t("act.do", { name: t(moveName(target)), count: results.length })}
        </Button>
      )}
      {!dryRun && again.length > 0 && (
        <Button className="button" isBusy={isBusy} onPress={() => onRepeat(new Set(again.map((result) => result.workflow_id)))}>
          {t("act.repeat", { count: again.length })}
        </Button>
      )}
      {conflicts.length > 0 && (
        <Button className="button" isBusy={isBusy} onPress={() => onDecideAgain(conflicts)}>
          {t("act.decide", { count: conflicts.length })}
        </Button>
      )}
      {!dryRun && (
        // After a repeat the keyboard is here again: the button that it was on may be gone.
        <Button key={again.length} className="button button-first" onPress={onDone} isBusy={isBusy} autoFocus>
          {t("act.done")}
        </Button>
      )}
    </div>
  );
}

/** What stands now: the version and the state. */
function More({ result }: { result: Result }) {
  const t = useT();
  const { problem, workflow } = result;
  if (problem?.code === "version-conflict") {
    return (
      <>
        {t("act.changed", { version: problem.version })} <Mark state={problem.current_state} />
      </>
    );
  }
  if (kindOf(result) !== "moved" || workflow === undefined) return null;
  return (
    <span className="moved-to">
      <Mark state={workflow.current_state} />
      <span className="quiet">{t("act.version", { version: workflow.version })}</span>
    </span>
  );
}

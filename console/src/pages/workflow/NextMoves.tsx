/** What may happen next: what is ready, what needs more and what, and what this person may not do. */

import type { Schemas, State, Workflow } from "../../api/client";
import { isClosed, moveName } from "../../api/lifecycle";
import { type Translate, useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { Shape } from "../../parts/Mark";
import { Signatures } from "../../signing/Manifestation";

interface Props {
  workflow: Workflow;
  onMove: (target: State) => void;
  onEdit: (() => void) | undefined;
  onSign: (() => void) | undefined;
  /** Why something is not offered. */
  why: readonly string[];
}

export function NextMoves({ workflow, onMove, onEdit, onSign, why }: Props) {
  const t = useT();
  const moves = workflow.evaluated_transitions ?? [];
  return (
    <aside className="next" aria-label={t("workflow.next")}>
      <h2>{t("workflow.next")}</h2>
      {moves.length === 0 && (
        <p className="quiet">
          {t(workflow.quarantines === undefined ? "workflow.next.none" : "workflow.next.quarantined")}
        </p>
      )}
      <ul>
        {moves.map((move) => (
          <NextMove key={move.target_state} move={move} from={workflow.current_state} onMove={onMove} />
        ))}
      </ul>
      {onEdit !== undefined && (
        <Button className="button" onPress={onEdit}>
          {t(isClosed(workflow) ? "edit.remark" : "data.edit")} <kbd aria-hidden="true">d</kbd>
        </Button>
      )}
      <h2>{t("signatures.title")}</h2>
      {(workflow.signatures ?? []).length === 0 ? (
        <p className="quiet">{t("signatures.none")}</p>
      ) : (
        <Signatures signatures={workflow.signatures ?? []} />
      )}
      {onSign !== undefined && (
        <Button className="button" onPress={onSign}>
          {t("signatures.sign")} <kbd aria-hidden="true">s</kbd>
        </Button>
      )}
      {why.map((each) => (
        <p key={each} className="quiet">
          {each}
        </p>
      ))}
    </aside>
  );
}

/** Possible, but never the button that stands out. */
const ENDS: readonly State[] = ["CANCELLED", "FAILED"];

type Evaluated = Schemas["EvaluatedTransition"];

/** A move that the rules deny as it stands may pass with what the request brings. */
function standingOf(move: Evaluated): "ready" | "blocked" | "denied" {
  if (!move.permitted) return "denied";
  return move.rules === "allow" || move.rules === "not-asked" ? "ready" : "blocked";
}

function NextMove({ move, from, onMove }: { move: Evaluated; from: State; onMove: (target: State) => void }) {
  const t = useT();
  const name = t(moveName(move.target_state, from));
  const standing = standingOf(move);
  const reasons = whyNot(move, t);
  return (
    <li className={`move move-${standing}`}>
      <div className="move-head">
        <Shape state={move.target_state} />
        <span className="move-name">{name}</span>
        <span className="move-standing">{t(`workflow.${standing}`)}</span>
      </div>
      {reasons.length > 0 && (
        <ul className="move-why">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {standing !== "denied" && (
        <Button
          className={standing === "ready" && !ENDS.includes(move.target_state) ? "button button-first" : "button"}
          onPress={() => onMove(move.target_state)}
        >
          {t("workflow.do", { name })}
        </Button>
      )}
    </li>
  );
}

function whyNot(move: Evaluated, t: Translate): string[] {
  const reasons: string[] = [];
  if (!move.permitted) {
    const policies = move.forbidden_by ?? [];
    if (policies.length === 0) reasons.push(t("workflow.roles"));
    reasons.push(...policies.map((policy) => t("workflow.forbidden", { policy })));
  }
  if (move.rules === "unavailable") reasons.push(t("workflow.unavailable"));
  return [...reasons, ...(move.reasons ?? []).map(({ message }) => message)];
}

/** Moving one workflow: why, a look before it, and what to do when it changed first. */
import { useState } from "react";

import type { State, Workflow } from "../../api/client";
import { useClient } from "../../api/context";
import { moveName } from "../../api/lifecycle";
import { asProblem } from "../../api/problem";
import { useT } from "../../i18n";
import { DecisionForm, type Draft, failureOf } from "../../parts/DecisionForm";
import { ProblemNote } from "../../parts/ProblemNote";
import { Sheet } from "../../parts/Sheet";
import { inSight } from "../../parts/inSight";
import { Conflict } from "./Conflict";
import { useAttempt } from "./attempt";
import { move } from "./queries";

interface Props {
  workflow: Workflow;
  /** None: the person chooses here. */
  target: State | undefined;
  onClose: () => void;
}

export default function MoveSheet({ workflow, target, onClose }: Props) {
  const t = useT();
  const client = useClient();
  const id = workflow.workflow_id;
  const attempt = useAttempt(id, workflow.version);
  const [draft, setDraft] = useState<Draft>({ target, reason: "" });
  const permitted = (workflow.evaluated_transitions ?? []).filter((each) => each.permitted);
  const offers = permitted.map((each) => ({
    target: each.target_state,
    name: t(moveName(each.target_state, workflow.current_state)),
    note: t(each.rules === "allow" || each.rules === "not-asked" ? "workflow.ready" : "workflow.blocked"),
  }));
  const chosen = permitted.find((each) => each.target_state === draft.target);
  const ask = async (dryRun: boolean) => {
    if (draft.target === undefined) return;
    const failure = failureOf(draft);
    const body = { target_state: draft.target, reason: draft.reason.trim(), ...(failure && { failure }) };
    const isDone = await attempt.ask((version, key) => move(client, id, version, body, key, dryRun), dryRun);
    if (isDone && !dryRun) onClose();
  };
  const isLost = attempt.failure !== undefined && asProblem(attempt.failure).code === "unreachable";
  return (
    <Sheet
      title={t("move.title", { name: t(draft.target === undefined ? "act.none" : moveName(draft.target, workflow.current_state)), id })}
      isOpen
      onClose={onClose}
      size="wide"
      dismissable={!attempt.isBusy}
    >
      <DecisionForm
        draft={draft}
        onChange={(next) => {
          setDraft(next);
          attempt.renew();
        }}
        offers={offers}
        isBusy={attempt.isBusy}
        isBlocked={attempt.newer !== undefined}
        onCheck={() => void ask(true)}
        onSubmit={() => void ask(false)}
        submitLabel={(name) => name}
      >
        {chosen?.reasons !== undefined && chosen.reasons.length > 0 && attempt.failure === undefined && (
          <div className="note note-warn">
            <p>{t("workflow.needs")}</p>
            <ul>
              {chosen.reasons.map((reason) => (
                <li key={reason.rule_id}>{reason.message}</li>
              ))}
            </ul>
          </div>
        )}
        {draft.target !== undefined && chosen === undefined && <p className="field-bad">{t("conflict.impossible")}</p>}
        {attempt.newer !== undefined && (
          <Conflict id={id} from={attempt.version} to={attempt.newer} onAgain={attempt.decideAgain} />
        )}
        {attempt.wouldPass && (
          <p className="note note-good" role="status" ref={inSight}>
            {t("move.would")}
          </p>
        )}
        {attempt.failure !== undefined && <ProblemNote error={attempt.failure} />}
        {isLost && <p>{t("move.lost")}</p>}
      </DecisionForm>
    </Sheet>
  );
}

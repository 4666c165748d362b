/** Trying the rules on a workflow: what they say of each move, and a dry run with a reason. Nothing is written. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { FieldError, Form, Input, Label, TextField } from "react-aria-components";

import { type Schemas, type Workflow, newKey } from "../../api/client";
import { useClient } from "../../api/context";
import { moveName } from "../../api/lifecycle";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { FailureCode, type FailureDraft, isCode } from "../../parts/FailureFields";
import { Mark, Shape } from "../../parts/Mark";
import { ProblemNote } from "../../parts/ProblemNote";
import { move, stateQuery } from "../workflow/queries";
import { isWorkflowId } from "./search";

export function Trial({ id }: { id: string | undefined }) {
  const t = useT();
  const navigate = useNavigate();
  const client = useClient();
  const [text, setText] = useState(id ?? "");
  const [isBad, setBad] = useState(false);
  const state = useQuery({ ...stateQuery(client, id ?? ""), enabled: id !== undefined });
  const submit = () => {
    const wanted = text.trim();
    setBad(!isWorkflowId(wanted));
    if (!isWorkflowId(wanted)) return;
    if (wanted === id) void state.refetch();
    else void navigate({ to: "/rules", search: { try: wanted } });
  };
  return (
    <section className="trial">
      <h2>{t("rules.try")}</h2>
      <p className="quiet">{t("rules.try.text")}</p>
      <Form
        className="trial-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField className="field" value={text} onChange={setText} isInvalid={isBad} validationBehavior="aria" maxLength={128}>
          <Label>{t("rules.try.id")}</Label>
          <Input placeholder="sample-2026-0042" spellCheck={false} />
          <FieldError className="field-bad">{t("rules.try.bad")}</FieldError>
        </TextField>
        <Button type="submit" className="button button-first">
          {t("rules.try.do")}
        </Button>
      </Form>
      {state.error !== null && <ProblemNote error={state.error} onRetry={() => void state.refetch()} />}
      {state.isLoading && <p className="quiet">{t("loading")}</p>}
      {state.data !== undefined && <Verdicts workflow={state.data} />}
    </section>
  );
}

function Verdicts({ workflow }: { workflow: Workflow }) {
  const t = useT();
  const [reason, setReason] = useState("");
  // The rules may allow what the quarantine does not let happen.
  const isQuarantined = (workflow.quarantines ?? []).length > 0;
  const moves = isQuarantined ? [] : (workflow.evaluated_transitions ?? []);
  const { workflow_id: id, current_state: from, version } = workflow;
  return (
    <div className="verdicts">
      <p className="verdict-head" role="status">
        <Mark state={from} /> <span className="quiet">{t("rules.try.at", { version })}</span>
        <Link to="/workflow/$id" params={{ id }} search={{}}>
          {t("rules.try.open")}
        </Link>
      </p>
      {moves.length === 0 ? (
        <p>{t(isQuarantined ? "rules.try.quarantined" : "rules.try.end")}</p>
      ) : (
        <>
          <TextField className="field" value={reason} onChange={setReason} maxLength={1000}>
            <Label>{t("rules.try.reason")}</Label>
            <Input />
          </TextField>
          <ul className="verdict-list">
            {moves.map((each) => (
              <Verdict key={`${each.target_state} ${version}`} move={each} workflow={workflow} reason={reason.trim()} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

interface VerdictProps {
  move: Schemas["EvaluatedTransition"];
  workflow: Workflow;
  reason: string;
}

type Dry = { is: "busy" } | { is: "would" } | { is: "would-not"; error: unknown };

function Verdict({ move: evaluated, workflow, reason }: VerdictProps) {
  const t = useT();
  const client = useClient();
  const id = useId();
  const [dry, setDry] = useState<Dry>();
  const [draft, setDraft] = useState<FailureDraft>({});
  const target = evaluated.target_state;
  // The service takes no report of a failure without its code.
  const needsCode = target === "FAILED";
  const lacks = reason === "" ? "rules.dry.reason" : needsCode && !isCode(draft) ? "rules.dry.code" : undefined;
  const name = t(moveName(target, workflow.current_state));
  const run = async () => {
    setDry({ is: "busy" });
    const failure = { code: (draft.code ?? "").trim(), message: reason, retryable: false };
    const body = { target_state: target, reason, ...(needsCode && { failure }) };
    try {
      await move(client, workflow.workflow_id, workflow.version, body, newKey(), true);
      setDry({ is: "would" });
    } catch (error) {
      setDry({ is: "would-not", error });
    }
  };
  return (
    <li className="verdict">
      <div className="verdict-line">
        <span className="mark">
          <Shape state={target} /> {name}
        </span>
        <span className={`verdict-word verdict-${evaluated.rules}`}>{t(`rules.verdict.${evaluated.rules}`)}</span>
        {evaluated.ruleset !== undefined && (
          <span className="quiet">
            {t("rules.by", { name: evaluated.ruleset, version: evaluated.ruleset_version ?? "–" })}
          </span>
        )}
        <Button
          className="button"
          aria-label={`${t("rules.dry")}: ${name}`}
          onPress={() => void run()}
          isBusy={lacks !== undefined || dry?.is === "busy"}
          aria-describedby={lacks === undefined ? undefined : id}
        >
          {t("rules.dry")}
        </Button>
      </div>
      {lacks !== undefined && (
        <p className="quiet verdict-lacks" id={id}>
          {t(lacks)}
        </p>
      )}
      {needsCode && <FailureCode draft={draft} onChange={setDraft} tried={false} />}
      <WhyNot evaluated={evaluated} />
      {dry?.is === "would" && (
        <p className="note note-good" role="status">
          {t("rules.try.would")}
        </p>
      )}
      {dry?.is === "would-not" && <ProblemNote error={dry.error} />}
    </li>
  );
}

/** The rules that are not met, and what the policies say. */
function WhyNot({ evaluated: { reasons = [], permitted, forbidden_by: policies = [] } }: { evaluated: Schemas["EvaluatedTransition"] }) {
  const t = useT();
  return (
    <>
      {reasons.length > 0 && (
        <ul className="verdict-why">
          {reasons.map(({ rule_id: rule, message }) => (
            <li key={rule}>
              {message} <code className="quiet">{rule}</code>
            </li>
          ))}
        </ul>
      )}
      {!permitted && (
        <p>{policies.length === 0 ? t("workflow.roles") : policies.map((policy) => t("workflow.forbidden", { policy })).join(" ")}</p>
      )}
    </>
  );
}

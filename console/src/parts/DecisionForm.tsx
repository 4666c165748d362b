/** What should happen and why; the same form for one workflow and for a hundred. */
import type { ReactNode } from "react";
import { FieldError, Form, Label, Radio, RadioGroup } from "react-aria-components";

import type { Schemas, State } from "../api/client";
import { useT } from "../i18n";
import { Button } from "./Button";
import { type FailureDraft, FailureFields, isCode } from "./FailureFields";
import { Shape } from "./Mark";
import { ReasonField } from "./ReasonField";
import { useFaults } from "./faults";

export interface Draft extends FailureDraft {
  /** None: the person has not chosen yet. */
  target?: State | undefined;
  reason: string;
}

export function failureOf(draft: Draft): Schemas["FailureReport"] | undefined {
  if (draft.target !== "FAILED" || (draft.code ?? "") === "") return undefined;
  return { code: (draft.code ?? "").trim(), message: (draft.message ?? "").trim() || draft.reason.trim(), retryable: draft.retryable === true };
}

export interface Offer {
  target: State;
  name: string;
  note?: string;
  /** The roles of the person do not permit it; the note says so. */
  isDenied?: boolean;
}

interface Props {
  draft: Draft;
  onChange: (draft: Draft) => void;
  offers: readonly Offer[];
  isBusy: boolean;
  /** Something must be decided first. */
  isBlocked?: boolean;
  onCheck: () => void;
  onSubmit: () => void;
  submitLabel: (name: string) => string;
  children?: ReactNode;
}

export function DecisionForm(props: Props) {
  const { draft, onChange, offers, isBusy, isBlocked = false, onCheck, onSubmit, submitLabel, children } = props;
  const t = useT();
  const faults = useFaults();
  const isMissing = draft.reason.trim() === "";
  const chosen = offers.find(({ target, isDenied }) => target === draft.target && isDenied !== true);
  const isFaulty = isMissing || (draft.target === "FAILED" && !isCode(draft));
  const attempt = (what: () => void) => {
    faults.show();
    if (!isFaulty && !isBlocked && chosen !== undefined) what();
  };
  return (
    <Form
      className="decision"
      ref={faults.form}
      // What is recorded needs a press on its button: Enter in a field sends nothing.
      onSubmit={(event) => event.preventDefault()}
    >
      <RadioGroup
        className="decision-targets"
        value={draft.target ?? null}
        onChange={(target) => onChange({ ...draft, target: target as State })}
        isDisabled={isBusy}
        isInvalid={faults.tried && chosen === undefined}
        isRequired
        validationBehavior="aria"
      >
        <Label>{t("act.target")}</Label>
        <div className="decision-row">
          {offers.map(({ target, name, note, isDenied = false }) => (
            <Radio key={target} value={target} className="decision-target" isDisabled={isDenied}>
              <Shape state={target} />
              <span>
                <span className="decision-name">{name}</span>
                {note !== undefined && <span className="quiet">{note}</span>}
              </span>
            </Radio>
          ))}
        </div>
        <FieldError className="field-bad">{t("act.choose")}</FieldError>
      </RadioGroup>
      {draft.target === "FAILED" && (
        <FailureFields draft={draft} onChange={(change) => onChange({ ...draft, ...change })} tried={faults.tried} />
      )}
      <ReasonField
        label={t("act.reason")}
        hint={t("act.reason.hint")}
        missing={t("act.reason.missing")}
        value={draft.reason}
        onChange={(reason) => onChange({ ...draft, reason })}
        isInvalid={faults.tried && isMissing}
        isReadOnly={isBusy}
        autoFocus
      />
      {children}
      <div className="sheet-foot">
        <Button className="button" onPress={() => attempt(onCheck)} isBusy={isBusy} isDisabled={isBlocked} data-focus-lost>
          {t("act.check")}
        </Button>
        <Button className="button button-first" onPress={() => attempt(onSubmit)} isBusy={isBusy} isDisabled={isBlocked}>
          {chosen === undefined ? t("act.none") : submitLabel(chosen.name)}
        </Button>
      </div>
    </Form>
  );
}

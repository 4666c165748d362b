/** What should happen and why; the same form for one workflow and for a hundred. */
import type { ReactNode } from "react";
import {
  Checkbox,
  FieldError,
  Form,
  Input,
  Label,
  Radio,
  RadioGroup,
  Text,
  TextArea,
  TextField,
} from "react-aria-components";

import type { Schemas, State } from "../api/client";
import { useT } from "../i18n";
import { Button } from "./Button";
import { Shape } from "./Mark";
import { useFaults } from "./faults";

export interface Draft {
  /** None: the person has not chosen yet. */
  target?: State | undefined;
  reason: string;
  code?: string;
  message?: string;
  retryable?: boolean;
}

export function failureOf(draft: Draft): Schemas["FailureReport"] | undefined {
  if (draft.target !== "FAILED" || (draft.code ?? "") === "") return undefined;
  return { code: draft.code ?? "", message: (draft.message ?? "").trim() || draft.reason.trim(), retryable: draft.retryable === true };
}

export interface Offer {
  target: State;
  name: string;
  note?: string;
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
  const chosen = offers.find(({ target }) => target === draft.target);
  const attempt = (what: () => void) => {
    faults.show();
    if (!isMissing && !isBlocked && chosen !== undefined) what();
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
          {offers.map(({ target, name, note }) => (
            <Radio key={target} value={target} className="decision-target">
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
      {draft.target === "FAILED" && <FailureFields draft={draft} onChange={onChange} />}
      <TextField
        className="field"
        value={draft.reason}
        onChange={(reason) => onChange({ ...draft, reason })}
        isInvalid={faults.tried && isMissing}
        isRequired
        validationBehavior="aria"
        maxLength={1000}
        isReadOnly={isBusy}
        autoFocus
      >
        <Label>{t("act.reason")}</Label>
        <TextArea rows={2} />
        <Text slot="description" className="quiet">
          {t("act.reason.hint")}
        </Text>
        <FieldError className="field-bad">{t("act.reason.missing")}</FieldError>
      </TextField>
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

function FailureFields({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const t = useT();
  return (
    <div className="decision-failure">
      <TextField className="field" value={draft.code ?? ""} onChange={(code) => onChange({ ...draft, code })} maxLength={64}>
        <Label>{t("act.failure.code")}</Label>
        <Input placeholder="instrument-error" spellCheck={false} />
      </TextField>
      <TextField
        className="field"
        value={draft.message ?? ""}
        onChange={(message) => onChange({ ...draft, message })}
        maxLength={1000}
      >
        <Label>{t("act.failure.message")}</Label>
        <Input />
      </TextField>
      <Checkbox
        className="check-line"
        isSelected={draft.retryable === true}
        onChange={(retryable) => onChange({ ...draft, retryable })}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <rect x="1.5" y="1.5" width="13" height="13" rx="3" />
          <path className="check-tick" d="m4.6 8.3 2.3 2.3 4.5-5" />
        </svg>
        {t("act.failure.retryable")}
      </Checkbox>
    </div>
  );
}

/** The report of a failure: its code for machines, what happened for people. */
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { Checkbox, FieldError, Input, Label, Text, TextField } from "react-aria-components";

import { useClient } from "../api/context";
import { CODE, codesIn, codesQuery, sentencesOn } from "../api/failures";
import { rulesetsQuery, useMay } from "../api/queries";
import { useT } from "../i18n";

export interface FailureDraft {
  code?: string;
  message?: string;
  retryable?: boolean;
}

export function isCode(draft: FailureDraft): boolean {
  return CODE.test((draft.code ?? "").trim());
}

interface Props {
  draft: FailureDraft;
  onChange: (change: FailureDraft) => void;
  tried: boolean;
}

/** Only the code, where a trial needs no more. */
export function FailureCode({ draft, onChange, tried }: Props) {
  const t = useT();
  const id = useId();
  const client = useClient();
  const may = useMay(client);
  const seen = useQuery({ ...codesQuery(client), enabled: may("listActivity") || may("listOwnActivity") }).data ?? [];
  const rules = useQuery({ ...rulesetsQuery(client), enabled: may("listRulesets") }).data;
  const sentences = sentencesOn(rules?.items ?? []);
  // What the rules take comes before what was reported elsewhere.
  const codes = [...new Set([...sentences.flatMap(codesIn), ...seen])];
  return (
    <TextField
      className="field"
      value={draft.code ?? ""}
      onChange={(code) => onChange({ code })}
      isInvalid={tried && !isCode(draft)}
      isRequired
      validationBehavior="aria"
      maxLength={64}
    >
      <Label>{t("act.failure.code")}</Label>
      <Input placeholder="instrument-error" spellCheck={false} list={id} autoComplete="off" />
      <datalist id={id}>
        {codes.map((code) => (
          <option key={code} value={code} />
        ))}
      </datalist>
      <Text slot="description" className="quiet">
        {sentences.length > 0
          ? sentences.join(" ")
          : seen.length > 0
            ? t("act.failure.seen", { codes: seen.slice(0, 4).join(", ") })
            : t("act.failure.hint")}
      </Text>
      <FieldError className="field-bad">{t("act.failure.missing")}</FieldError>
    </TextField>
  );
}

export function FailureFields(props: Props) {
  const t = useT();
  const { draft, onChange } = props;
  return (
    <div className="decision-failure">
      <FailureCode {...props} />
      <TextField className="field" value={draft.message ?? ""} onChange={(message) => onChange({ message })} maxLength={1000}>
        <Label>{t("act.failure.message")}</Label>
        <Input />
      </TextField>
      <Checkbox className="check-line" isSelected={draft.retryable === true} onChange={(retryable) => onChange({ retryable })}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <rect x="1.5" y="1.5" width="13" height="13" rx="3" />
          <path className="check-tick" d="m4.6 8.3 2.3 2.3 4.5-5" />
        </svg>
        {t("act.failure.retryable")}
      </Checkbox>
    </div>
  );
}

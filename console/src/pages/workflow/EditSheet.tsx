/** Editing results: each value where it stands, with a reason, on the version that was read. */
import { useState } from "react";
import { FieldError, Form, Input, Label, TextField } from "react-aria-components";

import type { Workflow } from "../../api/client";
import { useClient } from "../../api/context";
import { isClosed } from "../../api/lifecycle";
import { asProblem } from "../../api/problem";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { ProblemNote } from "../../parts/ProblemNote";
import { ReasonField } from "../../parts/ReasonField";
import { Sheet } from "../../parts/Sheet";
import { inSight } from "../../parts/inSight";
import { useFaults } from "../../parts/faults";
import { counting } from "../../signing/signing";
import { Conflict } from "./Conflict";
import { type Attempt, useAttempt } from "./attempt";
import { type Addition, type Edits, type Field, type LabelEdit, amendmentOf, begin, isLabel, isNamed, isSound } from "./edits";
import { amend } from "./queries";

/** What the service takes. */
const LABELS_MAX = 10;

export default function EditSheet({ workflow, onClose }: { workflow: Workflow; onClose: () => void }) {
  const t = useT();
  const client = useClient();
  const id = workflow.workflow_id;
  // What the person began with: a newer version changes nothing of what stands here.
  const [first] = useState(workflow);
  const [edits, setEdits] = useState<Edits>(() => begin(workflow));
  const faults = useFaults();
  const attempt = useAttempt(id, workflow.version);
  const isMissing = edits.reason.trim() === "";
  const isFaulty = !edits.fields.every(isSound) || !edits.additions.every(isNamed) || !edits.labels.every(isLabel);
  const body = amendmentOf(edits, first);
  const endsSignatures = body.metadata !== undefined || body.labels !== undefined;
  const isRemark = !endsSignatures && body.assignee === undefined && body.due_at === undefined;
  const ended = endsSignatures ? counting(workflow.signatures).length : 0;
  const change = (next: Partial<Edits>) => {
    setEdits({ ...edits, ...next });
    attempt.renew();
  };
  const ask = async (dryRun: boolean) => {
    faults.show();
    if (isMissing || isFaulty || attempt.newer !== undefined) return;
    const isDone = await attempt.ask((version, key) => amend(client, id, version, body, key, dryRun), dryRun);
    if (isDone && !dryRun) onClose();
  };
  const isShut = isClosed(first);
  const isStopped = attempt.newer !== undefined;
  return (
    <Sheet title={t(isShut ? "edit.remark.title" : "edit.title", { id })} isOpen onClose={onClose} size="wide" dismissable={!attempt.isBusy}>
      <Form className="decision" ref={faults.form} onSubmit={(event) => event.preventDefault()}>
        {isShut ? (
          <p>{t("edit.remark.text")}</p>
        ) : (
          <>
            <Values edits={edits} onChange={change} tried={faults.tried} />
            <Labels labels={edits.labels} onChange={(labels) => change({ labels })} tried={faults.tried} begins={edits.fields.length === 0} />
            <Work edits={edits} onChange={change} begins={first.labels === undefined && edits.fields.length === 0} />
          </>
        )}
        <ReasonField
          label={t(isShut ? "edit.remark.field" : "edit.reason")}
          missing={t("act.reason.missing")}
          value={edits.reason}
          onChange={(reason) => change({ reason })}
          isInvalid={faults.tried && isMissing}
          autoFocus={isShut}
        />
        {isRemark && !isShut && <p className="quiet">{t("edit.nothing")}</p>}
        {ended > 0 && <p className="note note-warn">{t("edit.ends", { count: ended })}</p>}
        <Answer id={id} attempt={attempt} />
        <div className="sheet-foot">
          <Button className="button" onPress={() => void ask(true)} isBusy={attempt.isBusy} isDisabled={isStopped} data-focus-lost>
            {t("act.check")}
          </Button>
          <Button className="button button-first" onPress={() => void ask(false)} isBusy={attempt.isBusy} isDisabled={isStopped}>
            {t("edit.save", { version: attempt.version + 1 })}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}

/** What the service said: it changed first, it would save this, or it did not. */
function Answer({ id, attempt }: { id: string; attempt: Attempt }) {
  const t = useT();
  const { version, newer, wouldPass, failure } = attempt;
  return (
    <>
      {newer !== undefined && <Conflict id={id} from={version} to={newer} onAgain={attempt.decideAgain} />}
      {wouldPass && (
        <p className="note note-good" role="status" ref={inSight}>
          {t("edit.would")}
        </p>
      )}
      {failure !== undefined && <ProblemNote error={failure} />}
      {failure !== undefined && asProblem(failure).code === "unreachable" && <p>{t("move.lost")}</p>}
    </>
  );
}

interface WorkProps {
  edits: Edits;
  onChange: (next: Partial<Edits>) => void;
  begins: boolean;
}

function Work({ edits, onChange, begins }: WorkProps) {
  const t = useT();
  return (
    <div className="edit-work">
      <TextField className="field" value={edits.assignee} onChange={(assignee) => onChange({ assignee })} maxLength={256} autoFocus={begins}>
        <Label>{t("bench.assignee")}</Label>
        <Input spellCheck={false} />
      </TextField>
      <TextField className="field" value={edits.due} onChange={(due) => onChange({ due })}>
        <Label>{t("edit.due")}</Label>
        <Input type="datetime-local" />
      </TextField>
    </div>
  );
}

interface LabelsProps {
  labels: readonly LabelEdit[];
  onChange: (labels: readonly LabelEdit[]) => void;
  tried: boolean;
  /** Whether the dialog begins with them. */
  begins: boolean;
}

function Labels({ labels, onChange, tried, begins }: LabelsProps) {
  const t = useT();
  const change = (index: number, next: Partial<LabelEdit>) =>
    onChange(labels.map((each, at) => (at === index ? { ...each, ...next } : each)));
  return (
    <fieldset className="values">
      <legend>{t("edit.labels")}</legend>
      {labels.map((each, index) => (
        // A new label has no name of its own until it is saved.
        <div key={index} className={each.before === undefined ? "value value-new" : "value"}>
          {each.before === undefined && (
            <TextField
              className="field"
              autoFocus
              value={each.name}
              onChange={(name) => change(index, { name })}
              isInvalid={!isLabel(each) && (tried || each.name !== "")}
              validationBehavior="aria"
              maxLength={32}
            >
              <Label>{t("edit.label.name")}</Label>
              <Input spellCheck={false} />
              <FieldError className="field-bad">{t("edit.bad.label")}</FieldError>
            </TextField>
          )}
          <TextField
            className={each.before === undefined ? "field" : "field field-line"}
            autoFocus={begins && index === 0 && each.before !== undefined}
            value={each.value}
            onChange={(value) => change(index, { value })}
            maxLength={64}
          >
            <Label>{each.before === undefined ? t("edit.value") : each.name}</Label>
            <Input spellCheck={false} />
          </TextField>
          <Button
            className="button-plain"
            onPress={() => (each.before === undefined ? onChange(labels.filter((_, at) => at !== index)) : change(index, { value: "" }))}
            aria-label={t("edit.remove", { name: each.name })}
          >
            <Icon name="close" />
          </Button>
        </div>
      ))}
      {labels.length < LABELS_MAX && (
        <Button className="button" onPress={() => onChange([...labels, { name: "", value: "" }])}>
          {t("edit.label.add")}
        </Button>
      )}
    </fieldset>
  );
}

function Values({ edits, onChange, tried }: { edits: Edits; onChange: (next: Partial<Edits>) => void; tried: boolean }) {
  const t = useT();
  const { fields, additions } = edits;
  return (
    <fieldset className="values">
      <legend>{t("edit.metadata")}</legend>
      {fields.map((each, index) => (
        <Value
          key={each.path.join("\u0000")}
          field={each}
          onChange={(next) => onChange({ fields: fields.with(index, { ...each, ...next }) })}
          autoFocus={index === 0}
        />
      ))}
      {additions.map((each, index) => (
        // An addition has no name of its own until it is saved.
        <NewValue
          key={index}
          addition={each}
          onChange={(next) => onChange({ additions: additions.with(index, { ...each, ...next }) })}
          onRemove={() => onChange({ additions: additions.filter((_, at) => at !== index) })}
          tried={tried}
        />
      ))}
      <Button className="button" onPress={() => onChange({ additions: [...additions, { name: "", text: "" }] })}>
        {t("edit.add")}
      </Button>
    </fieldset>
  );
}

interface ValueProps {
  field: Field;
  onChange: (next: Partial<Field>) => void;
  autoFocus: boolean;
}

function Value({ field, onChange, autoFocus }: ValueProps) {
  const t = useT();
  const name = field.path.join(" › ");
  return (
    <div className={field.isRemoved ? "value value-removed" : "value"}>
      <TextField
        className="field field-line"
        autoFocus={autoFocus}
        value={field.text}
        onChange={(text) => onChange({ text })}
        isDisabled={field.isRemoved}
        isInvalid={!isSound(field)}
        validationBehavior="aria"
      >
        <Label>{name}</Label>
        <Input spellCheck={false} />
        <FieldError className="field-bad">{t("edit.bad")}</FieldError>
      </TextField>
      <Button
        className="button-plain"
        onPress={() => onChange({ isRemoved: !field.isRemoved })}
        aria-label={t("edit.remove", { name })}
        aria-pressed={field.isRemoved}
      >
        <Icon name="close" />
      </Button>
    </div>
  );
}

interface NewValueProps {
  addition: Addition;
  onChange: (next: Partial<Addition>) => void;
  onRemove: () => void;
  tried: boolean;
}

function NewValue({ addition, onChange, onRemove, tried }: NewValueProps) {
  const t = useT();
  return (
    <div className="value value-new">
      <TextField
        className="field"
        autoFocus
        value={addition.name}
        onChange={(name) => onChange({ name })}
        isInvalid={(tried || addition.name !== "") && !isNamed(addition)}
        validationBehavior="aria"
      >
        <Label>{t("edit.path")}</Label>
        <Input spellCheck={false} />
        <FieldError className="field-bad">{t("edit.bad.path")}</FieldError>
      </TextField>
      <TextField className="field" value={addition.text} onChange={(text) => onChange({ text })}>
        <Label>{t("edit.value")}</Label>
        <Input spellCheck={false} />
      </TextField>
      <Button className="button-plain" onPress={onRemove} aria-label={t("edit.remove", { name: addition.name })}>
        <Icon name="close" />
      </Button>
    </div>
  );
}

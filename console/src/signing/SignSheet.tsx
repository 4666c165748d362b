/** Signing one workflow or many: what is signed, what it means, that it is really this person, and a result for each. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { FieldError, Form, Label, Radio, RadioGroup, Text, TextArea, TextField } from "react-aria-components";

import "../pages/bench/bench.css";
import "./signing.css";
import type { Meaning } from "../api/client";
import { useClient } from "../api/context";
import { meQuery } from "../api/queries";
import { useSession } from "../auth/session";
import { useT } from "../i18n";
import { Button } from "../parts/Button";
import { Sheet } from "../parts/Sheet";
import { useFaults } from "../parts/faults";
import { Outcomes } from "./Outcomes";
import { StaleNote } from "./StaleNote";
import { type Read, WhatIsSigned } from "./WhatIsSigned";
import { type Draft, keepDraft } from "./draft";
import { type Outcome, counting, idsWith, offered } from "./signing";
import { useSigning } from "./useSigning";

interface Props {
  ids: readonly string[];
  meaning?: Meaning | undefined;
  /** What was chosen before the page went to the sign-in. */
  draft?: Draft | undefined;
  onClose: (stillOpen?: readonly string[]) => void;
}

export default function SignSheet({ ids, meaning: wanted, draft, onClose }: Props) {
  const t = useT();
  const session = useSession();
  const { principal, may, meaning, choose, comment, setComment } = useDeclaration(wanted, draft);
  const signing = useSigning(ids, draft?.items ?? []);
  const faults = useFaults();
  const { step, items, outcomes, needs } = signing;
  const isBusy = step === "busy";
  const isReady = may.length > 0 && items.length > 0 && signing.isRead;
  const ask = () => {
    faults.show();
    if (isReady && meaning !== undefined && !isBusy) void signing.ask(items, { meaning, comment });
  };
  const repeat = () => {
    const open = new Set(idsWith(outcomes, "undecided"));
    if (meaning !== undefined) void signing.ask(items.filter(({ workflowId }) => open.has(workflowId)), { meaning, comment });
  };
  const close = () => onClose(outcomes.size > 0 ? [...outcomes].filter(([, { is }]) => is !== "signed").map(([id]) => id) : undefined);
  const stale = needs !== undefined && meaning !== undefined && (
    <StaleNote
      challenge={needs}
      onFresh={outcomes.size > 0 ? repeat : ask}
      onLeave={() => keepDraft({ principal: principal ?? "", meaning, comment, items: [...items] })}
    />
  );
  const title = ids.length === 1 ? t("sign.title.one", { id: ids[0] ?? "" }) : t("sign.title", { count: ids.length });
  return (
    // A comment that came back from the sign-in, or to be decided on again, stands in a field that begins with it.
    <Sheet title={title} isOpen onClose={close} size="wide" dismissable={!isBusy} isDraft={step !== "results" && comment.trim() !== ""}>
      {step === "results" ? (
        <Results outcomes={outcomes} stale={stale} isStale={needs !== undefined} onRepeat={repeat} onReadAgain={signing.readAgain} onDone={close} />
      ) : (
        <Form className="decision" ref={faults.form} onSubmit={(event) => event.preventDefault()}>
          <WhatIsSigned ids={signing.ids} reads={signing.reads} changed={signing.changed} />
          <Meanings may={may} meaning={meaning} onChange={choose} isBusy={isBusy} isInvalid={faults.tried && meaning === undefined}>
            {meaning === "authorship" && waitsForCheck(signing.reads, principal) && <p className="note note-warn">{t("sign.authorship.waits")}</p>}
          </Meanings>
          <Comment value={comment} onChange={setComment} isReadOnly={isBusy} autoFocus={meaning === undefined} />
          <p>{t("sign.as", { name: session.name ?? principal ?? "" })}</p>
          {stale}
          {isBusy && (
            <p role="status" className="busy">
              {t("sign.busy", { done: outcomes.size - idsWith(outcomes, "waits").length, all: items.length })}
            </p>
          )}
          {needs === undefined && (
            <div className="sheet-foot">
              <Button className="button" onPress={close} isDisabled={isBusy}>
                {t("cancel")}
              </Button>
              <Button className="button button-first" onPress={ask} isBusy={isBusy} isDisabled={!isReady}>
                {meaning === undefined ? t("sign.do.none", { count: items.length }) : t("sign.do", { meaning: t(`meaning.${meaning}`), count: items.length })}
              </Button>
            </div>
          )}
        </Form>
      )}
    </Sheet>
  );
}

/** Who signs, and what the signature means to them. */
function useDeclaration(wanted: Meaning | undefined, draft: Draft | undefined) {
  const me = useQuery(meQuery(useClient())).data;
  const may = offered(me?.permitted_signatures ?? []);
  const first = [draft?.meaning, wanted].find((each) => each !== undefined && may.includes(each));
  const [chosen, choose] = useState<Meaning | undefined>(first);
  const [comment, setComment] = useState(draft?.comment ?? "");
  // What a signature means is the person's word: of several nothing is chosen for them.
  const meaning = chosen ?? first ?? (may.length === 1 ? may[0] : undefined);
  return { principal: me?.principal, may, meaning, choose, comment, setComment };
}

/** Its author has signed it: what waits is a check, and this person is about to say that it is their work. */
function waitsForCheck(reads: ReadonlyMap<string, Read>, principal: string | undefined): boolean {
  return [...reads.values()].some(
    (read) => "event" in read && counting(read.event.signatures).some((each) => each.meaning === "authorship" && each.by !== principal),
  );
}

interface MeaningsProps {
  may: readonly Meaning[];
  meaning: Meaning | undefined;
  onChange: (meaning: Meaning) => void;
  isBusy: boolean;
  isInvalid: boolean;
  children: ReactNode;
}

function Meanings({ may, meaning, onChange, isBusy, isInvalid, children }: MeaningsProps) {
  const t = useT();
  if (may.length === 0) return <p className="note note-warn">{t("sign.none")}</p>;
  return (
    <RadioGroup
      className="decision-targets"
      value={meaning ?? null}
      onChange={(value) => onChange(value as Meaning)}
      isDisabled={isBusy}
      isInvalid={isInvalid}
      isRequired
      validationBehavior="aria"
    >
      <Label>{t("sign.meaning")}</Label>
      <div className="meanings">
        {may.map((each) => (
          <Radio key={each} value={each} className="decision-target" autoFocus={each === meaning}>
            <span>
              <span className="decision-name">{t(`meaning.${each}`)}</span>
              <span className="quiet">{t(`meaning.${each}.text`)}</span>
            </span>
          </Radio>
        ))}
      </div>
      <FieldError className="field-bad">{t("sign.meaning.missing")}</FieldError>
      {children}
    </RadioGroup>
  );
}

interface CommentProps {
  value: string;
  onChange: (value: string) => void;
  isReadOnly: boolean;
  autoFocus: boolean;
}

function Comment(props: CommentProps) {
  const t = useT();
  return (
    <TextField className="field" maxLength={1000} {...props}>
      <Label>{t("sign.comment")}</Label>
      <TextArea rows={2} />
      <Text slot="description" className="quiet">
        {t("sign.comment.hint")}
      </Text>
    </TextField>
  );
}

interface ResultsProps {
  outcomes: ReadonlyMap<string, Outcome>;
  stale: ReactNode;
  isStale: boolean;
  onRepeat: () => void;
  onReadAgain: (ids: readonly string[]) => void;
  onDone: () => void;
}

function Results({ outcomes, stale, isStale, onRepeat, onReadAgain, onDone }: ResultsProps) {
  const t = useT();
  const undecided = idsWith(outcomes, "undecided").length;
  const changed = idsWith(outcomes, "changed");
  return (
    <>
      <Outcomes outcomes={outcomes} />
      {stale}
      <div className="sheet-foot">
        {undecided > 0 && !isStale && (
          <Button className="button" onPress={onRepeat}>
            {t("sign.repeat", { count: undecided })}
          </Button>
        )}
        {changed.length > 0 && (
          <Button className="button" onPress={() => onReadAgain(changed)}>
            {t("sign.again", { count: changed.length })}
          </Button>
        )}
        <Button className="button button-first" onPress={onDone} autoFocus={!isStale}>
          {t("act.done")}
        </Button>
      </div>
    </>
  );
}

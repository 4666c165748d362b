/** The session ended while a person worked. It stands above everything, dialogs too, and what they wrote stays there. */
import { useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { createPortal } from "react-dom";

import { isCancelled } from "../auth/cancelled";
import { useSession } from "../auth/session";
import { useT } from "../i18n";
import { Button } from "../parts/Button";
import { ProblemNote } from "../parts/ProblemNote";

export default function Ended() {
  const t = useT();
  const id = useId();
  const session = useSession();
  const queries = useQueryClient();
  const [failure, setFailure] = useState<unknown>();
  const before = useRef<Element | null>(null);
  useEffect(() => {
    const card = document.getElementById(id);
    before.current = card?.contains(document.activeElement) === true ? null : document.activeElement;
    card?.querySelector<HTMLElement>("button")?.focus();
    return () => {
      if (before.current instanceof HTMLElement) before.current.focus();
    };
  }, [id]);
  const again = () => {
    setFailure(undefined);
    session
      .signInAgain()
      .then(() => queries.invalidateQueries())
      .catch(setFailure);
  };
  // A dialog keeps the keyboard in itself, except for what says that it lies above.
  return createPortal(
    <div className="ended-layer" data-react-aria-top-layer="true">
      <div id={id} className="ended" role="alertdialog" aria-modal="true" aria-labelledby={`${id}title`} aria-describedby={`${id}text`} onKeyDown={stay}>
        <p className="note-title" id={`${id}title`}>
          {t("ended.title")}
        </p>
        <p id={`${id}text`}>{t("ended.text")}</p>
        <Button className="button button-first" onPress={again}>
          {t("ended.action")}
        </Button>
        {isCancelled(failure) && <p role="status">{t("signin.cancelled")}</p>}
        {failure !== undefined && !isCancelled(failure) && <ProblemNote error={failure} />}
      </div>
    </div>,
    document.body,
  );
}

/** Tab goes round in the card: nothing beneath it can be used now. */
function stay(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "Tab") return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
  const at = all.findIndex((each) => each === document.activeElement) + (event.shiftKey ? -1 : 1);
  event.preventDefault();
  all.at(at % all.length)?.focus();
}

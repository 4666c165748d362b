/** A problem in the person's language: by its code where the catalogue has it, else in the service's own words. */
import { useEffect, useState } from "react";

import { type MessageKey, type Translate, useLanguage, useT, withMessages } from "../i18n";

interface Said {
  code: string;
  status: number;
  title: string;
  detail: string;
}

export interface Words {
  title: string;
  detail: string;
  /** The title or detail is the service's own, which is English. */
  isTheirs: boolean;
  /** The service's own words beside the translated ones, where they say more. */
  original?: string;
}

/**
 * Of these the service names what the translated sentence cannot: a limit, a state, a break, another workflow, or what
 * the sign-in lacks. Of all others it says the same, and a list of its own says the rules and the fields.
 */
const SAYS_MORE = /^(insufficient|unauth|payload|invalid-t|replaced|workflow-(not-)?q)/;

/** The service writes English. */
const THEIRS = "en";

export function wordsOf({ code, status, title, detail }: Said, t: Translate, language: string): Words {
  const known = (part: "title" | "detail") => {
    const key = `problem.${code}.${part}`;
    const text = t(key as MessageKey, { status });
    return text === key ? undefined : text;
  };
  const ours = known("detail");
  if (language === THEIRS || ours === undefined) {
    return { title: known("title") ?? title, detail: detail === "" ? (ours ?? "") : detail, isTheirs: true };
  }
  return { title: known("title") ?? title, detail: ours, isTheirs: false, ...(detail !== "" && SAYS_MORE.test(code) && { original: detail }) };
}

/** The catalogue of problems comes when there is one to show. */
export function useProblemWords(): (said: Said) => Words {
  const t = useT();
  const language = useLanguage();
  const [, setThere] = useState(false);
  useEffect(() => {
    let isOver = false;
    const there = () => !isOver && setThere(true);
    withMessages(Promise.resolve()).then(there, () => undefined);
    return () => {
      isOver = true;
    };
  }, []);
  return (said) => wordsOf(said, t, language);
}

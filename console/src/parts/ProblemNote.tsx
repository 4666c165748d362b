/** A problem for people: what is wrong, what to do, and the number by which the operator finds the request. */
import { useState } from "react";

import { type Problem, asProblem } from "../api/problem";
import { useStanding } from "../auth/session";
import { Button } from "./Button";
import { Icon } from "./Icon";
import { inSight } from "./inSight";
import { useT } from "../i18n";
import { useProblemWords } from "./problemWords";

interface Props {
  error: unknown;
  onRetry?: (() => void) | undefined;
}

/** What the console itself says; every other code is the service's. */
const OURS = ["unreachable", "console", "unknown"];

export function ProblemNote({ error, onRetry }: Props) {
  const standing = useStanding();
  const problem = asProblem(error);
  const isOut = problem.status === 401 && problem.challenge === undefined;
  // The card above everything shows already that the session has ended.
  if (isOut && standing === "ended") return null;
  return isOut && standing === "signed-in" ? <BackAgain onRetry={onRetry} /> : <Note problem={problem} onRetry={onRetry} />;
}

function BackAgain({ onRetry }: { onRetry: (() => void) | undefined }) {
  const t = useT();
  return (
    <div className="note note-warn" role="alert" ref={inSight}>
      <p className="note-title">{t("ended.back")}</p>
      <p>{t("ended.back.text")}</p>
      {onRetry !== undefined && (
        <div className="note-foot">
          <Button className="button" onPress={onRetry}>
            {t("retry")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Note({ problem, onRetry }: { problem: Problem; onRetry: (() => void) | undefined }) {
  const t = useT();
  const words = useProblemWords();
  const { body } = problem;
  const isOurs = OURS.includes(problem.code);
  const said = words(body);
  const unsaid = problem.code === "unreachable" ? t("problem.unreachable.detail") : t("problem.unknown.detail");
  const detail = isOurs ? body.detail : said.detail;
  return (
    <div className="note note-bad" role="alert" ref={inSight}>
      <p className="note-title">{said.title}</p>
      {detail === "" ? <p>{unsaid}</p> : <p lang={isOurs || said.isTheirs ? "en" : undefined}>{detail}</p>}
      {!isOurs && said.original !== undefined && (
        <p className="quiet" lang="en">
          {said.original}
        </p>
      )}
      {body.reasons !== undefined && body.reasons.length > 0 && (
        <ul>
          {body.reasons.map((reason) => (
            <li key={reason.rule_id}>{reason.message}</li>
          ))}
        </ul>
      )}
      {body.errors !== undefined && body.errors.length > 0 && (
        <ul lang="en">
          {body.errors.map((fault) => (
            <li key={`${fault.pointer} ${fault.message}`}>
              {fault.pointer !== undefined && <code>{fault.pointer}</code>} {fault.message}
            </li>
          ))}
        </ul>
      )}
      {problem.retryAfter !== undefined && <p>{t("problem.wait", { seconds: problem.retryAfter })}</p>}
      <div className="note-foot">
        {onRetry !== undefined && (
          <Button className="button" onPress={onRetry}>
            {t("retry")}
          </Button>
        )}
        {problem.requestId !== undefined && <RequestId id={problem.requestId} />}
      </div>
    </div>
  );
}

function RequestId({ id }: { id: string }) {
  const t = useT();
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(id).then(() => setCopied(true));
  };
  return (
    <span className="request-id">
      {t("problem.request")} <code>{id}</code>
      <Button className="button-plain" onPress={copy} aria-label={t("problem.copy")}>
        {copied ? t("copied") : <Icon name="copy" />}
      </Button>
    </span>
  );
}

/** A problem for people: what is wrong, what to do, and the number by which the operator finds the request. */
import { useState } from "react";

import { asProblem } from "../api/problem";
import { Button } from "./Button";
import { Icon } from "./Icon";
import { useT } from "../i18n";

interface Props {
  error: unknown;
  onRetry?: (() => void) | undefined;
}

export function ProblemNote({ error, onRetry }: Props) {
  const t = useT();
  const problem = asProblem(error);
  const { body } = problem;
  const ours = problem.code === "unreachable" || problem.code === "console" || problem.code === "unknown";
  const title = ours ? t(`problem.${problem.code as "unknown"}.title`, { status: problem.status }) : body.title;
  const unsaid = problem.code === "unreachable" ? t("problem.unreachable.detail") : t("problem.unknown.detail");
  return (
    <div className="note note-bad" role="alert">
      <p className="note-title">{title}</p>
      <p>{body.detail === "" ? unsaid : body.detail}</p>
      {body.reasons !== undefined && body.reasons.length > 0 && (
        <ul>
          {body.reasons.map((reason) => (
            <li key={reason.rule_id}>{reason.message}</li>
          ))}
        </ul>
      )}
      {body.errors !== undefined && body.errors.length > 0 && (
        <ul>
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

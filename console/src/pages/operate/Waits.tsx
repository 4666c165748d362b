/** What stands where an answer is on its way, or does not come. */
import type { UseQueryResult } from "@tanstack/react-query";

import { asProblem } from "../../api/problem";
import { useT } from "../../i18n";
import { ProblemNote } from "../../parts/ProblemNote";

type Asked = Pick<UseQueryResult, "error" | "failureReason" | "isPending" | "refetch">;

/** What is wrong now. A question that is asked again has failed already: the person need not wait for the last try. */
export function troubleOf({ error, failureReason, isPending }: Omit<Asked, "refetch">): unknown {
  return error ?? (isPending ? failureReason : null) ?? undefined;
}

/** What was read, unless a later try failed: an older answer is not how it is now, and stands beside the words that it could not be read. */
export function readOf<Data>({ data, error }: Pick<UseQueryResult<Data>, "data" | "error">): Data | undefined {
  return error === null ? data : undefined;
}

export function isDown(trouble: unknown): boolean {
  return trouble !== undefined && asProblem(trouble).passes;
}

interface Props {
  query: Asked;
  /** What says quietly that no answer came, where the head of the page does not say it for this question. */
  unread?: string;
}

/** The head of the page says once that the service is down; here stands what is wrong with this question alone. */
export function Waits({ query, unread }: Props) {
  const t = useT();
  const trouble = troubleOf(query);
  if (unread !== undefined && isDown(trouble)) return <p className="quiet">{unread}</p>;
  if (trouble !== undefined && !isDown(trouble)) return <ProblemNote error={trouble} onRetry={() => void query.refetch()} />;
  return query.isPending ? <p className="quiet">{t("loading")}</p> : null;
}

/** The first of these that the service does not answer. */
export function Down({ queries }: { queries: readonly Asked[] }) {
  const down = queries.map(troubleOf).find(isDown);
  if (down === undefined) return null;
  return <ProblemNote error={down} onRetry={() => queries.forEach((query) => void query.refetch())} />;
}

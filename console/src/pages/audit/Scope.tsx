/** Which activity a review covers, in words. */
import { type Translate, useT } from "../../i18n";
import { Instant } from "../../time/Instant";
import { KINDS } from "./search";

interface Props {
  from: string;
  to: string;
  principal?: string | undefined;
  kind?: string | undefined;
}

export function kindName(kind: string, t: Translate): string {
  const known = KINDS.find((each) => each === kind);
  return known === undefined ? kind : t(`audit.kind.${known}`);
}

export function Span({ from, to }: { from: string; to: string }) {
  return (
    <span className="span">
      <Instant at={from} exact /> – <Instant at={to} exact />
    </span>
  );
}

export function Scope({ principal, kind }: Omit<Props, "from" | "to">) {
  const t = useT();
  const name = kind === undefined ? undefined : kindName(kind, t);
  if (principal !== undefined && name !== undefined) return t("reviews.scope.both", { who: principal, kind: name });
  if (principal !== undefined) return t("reviews.scope.principal", { who: principal });
  if (name !== undefined) return t("reviews.scope.kind", { kind: name });
  return t("reviews.scope.whole");
}

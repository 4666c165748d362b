/** What found a break, in words: the service names the operation. */
import type { Translate } from "../../i18n";

const FINDERS = ["publish-events", "sweep-workflows", "recovery-step"] as const;

/** An operation of another release keeps its name. */
export function foundBy(operation: string, t: Translate): string {
  const known = FINDERS.find((each) => each === operation);
  return known === undefined ? t("release.found", { by: operation }) : t(`release.found.${known}`);
}

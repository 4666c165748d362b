/** What can succeed with one workflow: the page offers nothing that the service must refuse, and says why not. */
import type { Caller, Workflow } from "../../api/client";
import type { Translate } from "../../i18n";
import { counting } from "../../signing/signing";

export interface Worth {
  canEdit: boolean;
  canSign: boolean;
  why: string[];
}

export function worthATry(workflow: Workflow, me: Caller | undefined, t: Translate): Worth {
  if (me === undefined) return { canEdit: false, canSign: false, why: [] };
  const isFree = workflow.quarantines === undefined;
  const mayEdit = me.permitted_actions.includes("amendWorkflow");
  const meanings = me.permitted_signatures;
  // The same meaning again would be refused. A closed workflow can be signed, and takes remarks.
  const mine = counting(workflow.signatures).filter((each) => each.by === me.principal);
  const isSigned = meanings.length > 0 && meanings.every((meaning) => mine.some((each) => each.meaning === meaning));
  const roles = me.roles.length > 0 ? me.roles.join(", ") : "–";
  return {
    canEdit: mayEdit && isFree,
    canSign: meanings.length > 0 && !isSigned && isFree,
    why: [
      ...(mayEdit ? [] : [t("denied.edit", { roles })]),
      ...(meanings.length > 0 ? [] : [t("denied.sign", { roles })]),
      ...(isSigned ? [t("signatures.all")] : []),
    ],
  };
}

/** What of a workflow is shown, as it stands in the address. */
import { oneText } from "../../search";

export const TABS = ["timeline", "data", "events"] as const;
export type Tab = (typeof TABS)[number];

export interface WorkflowSearch {
  tab?: Tab;
}

export function readWorkflow(search: Record<string, unknown>): WorkflowSearch {
  const tab = TABS.find((each) => each === oneText(search.tab));
  return tab === undefined ? {} : { tab };
}

/** The filters of the bench, as they stand in the address. */
import { STATES, type State } from "../../api/client";
import { oneText, texts } from "../../search";

export const ORDERS = ["created", "updated", "due"] as const;
export type Order = (typeof ORDERS)[number];

export interface BenchSearch {
  state?: State[];
  type?: string;
  assignee?: string;
  created_by?: string;
  label?: string[];
  due_before?: string;
  overdue?: "true";
  quarantined?: "true";
  order?: Order;
}

const LABEL = /^[a-z0-9._-]{1,32}:.{1,64}$/;
const TYPE = /^[a-z0-9-]{1,64}$/;

/** Reads the address; what no filter of this release takes is left out. */
export function readBench(search: Record<string, unknown>): BenchSearch {
  const found: BenchSearch = {};
  const state = STATES.filter((each) => texts(search.state).includes(each));
  if (state.length > 0) found.state = state;
  const label = texts(search.label).filter((each) => LABEL.test(each));
  if (label.length > 0) found.label = label.slice(0, 10);
  const type = oneText(search.type);
  if (type !== undefined && TYPE.test(type)) found.type = type;
  const assignee = oneText(search.assignee);
  if (assignee !== undefined) found.assignee = assignee;
  const createdBy = oneText(search.created_by);
  if (createdBy !== undefined) found.created_by = createdBy;
  const due = oneText(search.due_before);
  if (due !== undefined && !Number.isNaN(Date.parse(due))) found.due_before = due;
  if (oneText(search.overdue) === "true") found.overdue = "true";
  if (oneText(search.quarantined) === "true") found.quarantined = "true";
  const order = ORDERS.find((each) => each === oneText(search.order));
  if (order !== undefined) found.order = order;
  return found;
}

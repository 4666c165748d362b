import { oneText } from "../../search";

export const LISTS = ["quarantined", "failed", "recovering", "overdue"] as const;
export type ListName = (typeof LISTS)[number];

export interface OperateSearch {
  list?: ListName;
}

/** Reads the address; a list that no release has is the first one. */
export function readOperate(search: Record<string, unknown>): OperateSearch {
  const list = LISTS.find((each) => each === oneText(search.list));
  return list === undefined || list === "quarantined" ? {} : { list };
}

/** Which list of the review is shown, as it stands in the address. */
import { oneText } from "../../search";

export const LISTS = ["waiting", "open", "signed"] as const;
export type ListName = (typeof LISTS)[number];

export interface ReviewSearch {
  list?: ListName;
}

/** Reads the address; a list that no release has is the first one. */
export function readReview(search: Record<string, unknown>): ReviewSearch {
  const list = LISTS.find((each) => each === oneText(search.list));
  return list === undefined || list === "waiting" ? {} : { list };
}

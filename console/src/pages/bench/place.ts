/** Where a person was on the bench when they opened a workflow: the way back leads there. */
import type { BenchSearch } from "./search";
import { addressOf } from "./views";

export interface Place {
  search: BenchSearch;
  /** The pages before this one. */
  cursors: readonly string[];
  /** The row that was opened. */
  row: string;
}

let left: Place | undefined;

/** The person opens this row. */
export function leaveFrom(place: Place): void {
  left = place;
}

/** The bench as it was left. */
export function wayBack(): BenchSearch {
  return left?.search ?? {};
}

/** The place on the bench with these filters, where the person opened a row there last. */
export function placeAt(search: BenchSearch): Place | undefined {
  return left !== undefined && addressOf(left.search) === addressOf(search) ? left : undefined;
}

/** The person is on the bench with these filters, and goes on from there. */
export function arrived(search: BenchSearch): void {
  left = { search, cursors: [], row: "" };
}

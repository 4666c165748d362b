/** For a note in a dialog that is longer than the screen: it is seen as soon as it stands there. */
export function inSight(note: HTMLElement | null): void {
  if (note?.closest("[role=dialog]") != null) note.scrollIntoView({ block: "nearest" });
}

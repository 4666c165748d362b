/** Where the search is, for the key that goes there. */
export const SEARCH = "search";

let isWanted = false;

/** Goes to the search, or remembers the wish until the box is there. */
export function focusSearch(): void {
  const input = document.getElementById(SEARCH);
  isWanted = !(input instanceof HTMLInputElement);
  if (input instanceof HTMLInputElement) {
    input.focus();
    input.select();
  }
}

/** The box is there now. */
export function searchIsThere(): void {
  if (isWanted) focusSearch();
}

/** Where the search is, for the key that goes there. */
export const SEARCH = "search";

export function focusSearch(): void {
  const input = document.getElementById(SEARCH);
  if (input instanceof HTMLInputElement) {
    input.focus();
    input.select();
  }
}

/** A dialog keeps the focus: where its element goes away or is disabled, the keyboard would fall to the page behind. */

/** Where the focus goes then, the first that is there; else to the dialog itself. */
const PLACES = "[data-focus-lost]";

export function keepFocus(dialog: HTMLElement): () => void {
  const look = () => {
    if (!isLost()) return;
    dialog.querySelector<HTMLElement>(PLACES)?.focus();
    if (isLost()) dialog.focus();
  };
  const observer = new MutationObserver(look);
  observer.observe(dialog, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
  return () => observer.disconnect();
}

function isLost(): boolean {
  const now = document.activeElement;
  return now === null || now === document.body || now.matches(":disabled");
}

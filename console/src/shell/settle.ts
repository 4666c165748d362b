/** The keyboard is never without a place: where its element goes away, it goes to the rows, the heading or the page. */
import { useEffect } from "react";

import { areShortcutsHeld } from "../keys/keys";
import { focusRows } from "../parts/Grid";

/** What goes away and comes back at once is one change; a dialog gives the keyboard back itself, a moment later. */
const SETTLE_MS = 60;

function isNowhere(): boolean {
  const now = document.activeElement;
  return now === null || now === document.body || now.matches(":disabled");
}

/** To the rows of this page, else to its heading, else to the page itself. */
function settle(content: HTMLElement): void {
  focusRows();
  if (!isNowhere()) return;
  const heading = content.querySelector<HTMLElement>("h1");
  if (heading !== null && !heading.hasAttribute("tabindex")) heading.tabIndex = -1;
  (heading ?? content).focus({ preventScroll: true });
}

/** Watches while a page is shown. A page that was just loaded leaves the keyboard at its beginning. */
export function useSettledFocus(): void {
  useEffect(() => {
    const content = document.getElementById("content");
    if (content === null) return;
    let hadFocus = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      timer = undefined;
      if (hadFocus && isNowhere() && !areShortcutsHeld()) settle(content);
    };
    const wait = () => {
      if (!hadFocus || !isNowhere()) return;
      timer ??= setTimeout(look, SETTLE_MS);
    };
    const focused = () => {
      hadFocus = true;
    };
    document.addEventListener("focusin", focused);
    const observer = new MutationObserver(wait);
    observer.observe(content, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
    // Dialogs stand beside the page.
    observer.observe(document.body, { childList: true });
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      document.removeEventListener("focusin", focused);
    };
  }, []);
}

/** A key took the person to another page: the keyboard goes with them. */
export function goThere(): void {
  document.getElementById("content")?.focus({ preventScroll: true });
}

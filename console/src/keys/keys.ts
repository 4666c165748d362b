/** Keys for people who work without a mouse. A page names its own while it is shown; the help lists all of them. */
import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from "react";

import type { MessageKey } from "../i18n";

export interface Shortcut {
  /** One key, or two that follow each other: `g b`. */
  keys: string;
  label: MessageKey;
  group: "go" | "page" | "everywhere";
  /** None: the key is handled where the focus is, and only listed. */
  run?: (() => void) | undefined;
}

const SEQUENCE_MS = 1200;
let shown: readonly Shortcut[] = [];
const listeners = new Set<() => void>();

function changes(next: readonly Shortcut[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

export function useShownShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
}

/** Offers these keys while the component is shown. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const newest = useRef(shortcuts);
  newest.current = shortcuts;
  const names = shortcuts.map(({ keys }) => keys).join("|");
  useEffect(() => {
    const mine: Shortcut[] = newest.current.map(({ keys, label, group, run }, index) => ({
      keys,
      label,
      group,
      run: run === undefined ? undefined : () => newest.current[index]?.run?.(),
    }));
    changes([...shown, ...mine]);
    return () => changes(shown.filter((each) => !mine.includes(each)));
  }, [names]);
}

/** Whether the person writes into something. */
export function writes(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)
    ? !(target instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(target.type))
    : false;
}

let holds = 0;

/** No shortcut acts from the moment a dialog is asked for: its code may still be on its way. */
export function useShortcutsHeld(isHeld: boolean): void {
  useLayoutEffect(() => {
    if (!isHeld) return;
    holds += 1;
    return () => {
      holds -= 1;
    };
  }, [isHeld]);
}

/** A dialog has the keyboard to itself, wherever the focus is. */
export function areShortcutsHeld(): boolean {
  return holds > 0 || document.querySelector("[role=dialog],[role=alertdialog]") !== null;
}

/** Hears keys for the whole window. */
export function useKeyboard(): void {
  const before = useRef<{ key: string; at: number } | undefined>(undefined);
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
      if (areShortcutsHeld() || (event.target instanceof Element && event.target.closest("form") !== null)) {
        before.current = undefined;
        return;
      }
      const earlier = before.current;
      const pair =
        earlier !== undefined && event.timeStamp - earlier.at < SEQUENCE_MS ? `${earlier.key} ${event.key}` : undefined;
      before.current = { key: event.key, at: event.timeStamp };
      const found =
        shown.find(({ keys, run }) => keys === pair && run !== undefined) ??
        shown.find(({ keys, run }) => keys === event.key && run !== undefined);
      if (found?.run === undefined) return;
      before.current = undefined;
      event.preventDefault();
      found.run();
    };
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  }, []);
}

import { useSyncExternalStore } from "react";

import { useLanguage } from "../i18n";
import { usePreferences } from "../preferences";
import { absolute, relative } from "./time";

const TICK_MS = 15_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function currentNow(): number {
  // The clock stands still while no time is shown.
  if (timer === undefined) now = Date.now();
  return now;
}

/** The time, as of the last tick. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, currentNow);
}

interface Props {
  at: string;
  /** `exact` shows seconds, and the absolute time whatever the person prefers. */
  exact?: boolean;
  narrow?: boolean;
  /** Both forms in sight: how long ago, and when exactly. */
  both?: boolean;
}

/** An instant as the person prefers it; the other form is its title. */
export function Instant({ at, exact = false, narrow = false, both = false }: Props) {
  const language = useLanguage();
  const { times, zone } = usePreferences();
  const reference = useNow();
  const millis = Date.parse(at);
  if (Number.isNaN(millis)) return <span>{at}</span>;
  const ago = relative(millis, reference, language, narrow ? "narrow" : "long");
  const when = absolute(millis, language, zone, exact);
  const isAbsolute = exact || times === "absolute";
  if (both) {
    return (
      <time dateTime={at}>
        {absolute(millis, language, zone, true)} <span className="quiet">· {ago}</span>
      </time>
    );
  }
  return (
    <time dateTime={at} title={isAbsolute ? ago : absolute(millis, language, zone, true)}>
      {isAbsolute ? when : ago}
    </time>
  );
}

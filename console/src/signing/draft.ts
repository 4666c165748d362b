/** A signature that a person was about to make when the page had to go to the sign-in and come back. */
import type { Meaning } from "../api/client";
import { type Item, MEANINGS } from "./signing";

export interface Draft {
  principal: string;
  meaning: Meaning;
  comment: string;
  items: readonly Item[];
}

const NAME = "alims.signing";
const ITEMS_MAX = 100;

export function keepDraft(draft: Draft): void {
  sessionStorage.setItem(NAME, JSON.stringify(draft));
}

/** Takes the draft of this person; what cannot be read, or is another's, is none. It is taken once. */
export function takeDraft(principal: string): Draft | undefined {
  const stored = sessionStorage.getItem(NAME);
  sessionStorage.removeItem(NAME);
  const draft = readDraft(stored);
  return draft?.principal === principal ? draft : undefined;
}

/** Whether there is one, without taking it. */
export function hasDraft(): boolean {
  return sessionStorage.getItem(NAME) !== null;
}

export function readDraft(stored: string | null): Draft | undefined {
  try {
    const found: unknown = JSON.parse(stored ?? "null");
    if (typeof found !== "object" || found === null) return undefined;
    const { principal, meaning, comment, items } = found as Record<string, unknown>;
    const known = MEANINGS.find((each) => each === meaning);
    if (typeof principal !== "string" || typeof comment !== "string" || known === undefined || !Array.isArray(items)) return undefined;
    const sound = items.filter(isItem).slice(0, ITEMS_MAX);
    return sound.length === 0 || sound.length !== items.length ? undefined : { principal, meaning: known, comment, items: sound };
  } catch {
    return undefined;
  }
}

function isItem(value: unknown): value is Item {
  if (typeof value !== "object" || value === null) return false;
  const { workflowId, version } = value as Record<string, unknown>;
  return typeof workflowId === "string" && Number.isSafeInteger(version);
}

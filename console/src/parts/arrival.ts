/** Parts of the console that come when they are wanted. A lost connection or a new release lets one not arrive. */

/** This part could not be loaded. */
export class NotArrived extends Error {
  constructor(cause: unknown) {
    super("a part of the console could not be loaded", { cause });
    this.name = "NotArrived";
  }
}

/** The part, or an error by which the page knows what to offer. */
export async function arriving<Part>(part: Promise<Part>): Promise<Part> {
  try {
    return await part;
  } catch (error) {
    throw new NotArrived(error);
  }
}

const NAME = "alims.loaded-again";
/** A page that misses its part again so soon is not mended by another load. */
const AGAIN_MS = 60_000;

/** Whether the server answers now; its parts may have other names since a new release. */
async function isThere(): Promise<boolean> {
  const response = await fetch("/console.json", { cache: "no-store" }).catch(() => undefined);
  return response?.ok === true;
}

/** Whether the console may load itself again without being asked. */
export function mayLoadAgain(stored: string | null, now: number): boolean {
  const before = Number(stored ?? Number.NaN);
  return !Number.isFinite(before) || now - before > AGAIN_MS || before > now;
}

/** Loads the page again where that can help. Without being asked it does so once. */
export async function loadAgain(isAsked: boolean): Promise<boolean> {
  if (!isAsked && !mayLoadAgain(sessionStorage.getItem(NAME), Date.now())) return false;
  if (!(await isThere())) return false;
  sessionStorage.setItem(NAME, String(Date.now()));
  window.location.reload();
  return true;
}

/** Checks an archive beside the page, so that the page stays usable. It asks no network for anything. */
import type { Progress, Report } from "./finding";
import { verify } from "./verify";

export interface Job {
  file: Blob;
  given: string;
}

export type Said = { is: "progress"; progress: Progress } | { is: "done"; report: Report } | { is: "failed"; message: string };

/** A page has no use for more news than it can draw. */
const NEWS_MS = 100;

interface Scope {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage: (said: Said) => void;
}
const scope = self as unknown as Scope;

scope.onmessage = ({ data: { file, given } }) => {
  let last = 0;
  const tell = (progress: Progress) => {
    const now = performance.now();
    if (now - last < NEWS_MS) return;
    last = now;
    scope.postMessage({ is: "progress", progress });
  };
  verify(file, given, tell).then(
    (report) => scope.postMessage({ is: "done", report }),
    (error: unknown) => scope.postMessage({ is: "failed", message: error instanceof Error ? error.message : String(error) }),
  );
};

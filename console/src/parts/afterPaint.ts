/** Does this when the page is drawn and the browser has nothing better to do. What fails then is asked for again when it is wanted. */
export function afterPaint(work: () => void | Promise<unknown>): void {
  const idle = typeof requestIdleCallback === "function" ? requestIdleCallback : (then: () => void) => setTimeout(then, 200);
  requestAnimationFrame(() => idle(() => void Promise.resolve(work()).catch(() => undefined)));
}

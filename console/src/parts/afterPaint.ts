/** Does this when the page is drawn and the browser has nothing better to do. */
export function afterPaint(work: () => void): void {
  const idle = typeof requestIdleCallback === "function" ? requestIdleCallback : (then: () => void) => setTimeout(then, 200);
  requestAnimationFrame(() => idle(() => work()));
}

/** Whether a person closed the sign-in, or said no there: that is no failure. */
export function isCancelled(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "error" in error ? error.error : undefined;
  return code === "access_denied" || /^popup (window )?closed/i.test(error.message);
}

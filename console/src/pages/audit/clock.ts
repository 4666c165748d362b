/** Instants in the fields of a form. */

/** An instant as the field wants it: a clock without a zone, the person's own or that of UTC as they prefer. */
export function clockOf(at: string | undefined, isUtc: boolean): string {
  if (at === undefined) return "";
  const millis = Date.parse(at);
  const offset = isUtc ? 0 : new Date(millis).getTimezoneOffset() * 60_000;
  return new Date(millis - offset).toISOString().slice(0, 16);
}

export function instantOf(clock: string, isUtc: boolean): string {
  return new Date(isUtc ? `${clock}Z` : clock).toISOString();
}

/** Instants for people: how long ago or until, and exactly when, with the zone. */
import type { Language } from "../i18n";
import type { Preferences } from "../preferences";

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

const relativeFormats = new Map<string, Intl.RelativeTimeFormat>();
const absoluteFormats = new Map<string, Intl.DateTimeFormat>();

export function relative(at: number, now: number, language: Language, style: "long" | "narrow" = "long"): string {
  const name = `${language} ${style}`;
  let format = relativeFormats.get(name);
  if (format === undefined) {
    format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: style === "long" ? "long" : "short" });
    relativeFormats.set(name, format);
  }
  const seconds = (at - now) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return format.format(0, "second");
}

export function absolute(at: number, language: Language, zone: Preferences["zone"], seconds = false): string {
  const name = `${language} ${zone} ${seconds}`;
  let format = absoluteFormats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "de-DE", {
      year: "numeric",
      month: "short",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      ...(seconds ? { second: "2-digit" as const } : {}),
      ...(zone === "utc" ? { timeZone: "UTC" } : {}),
      timeZoneName: "short",
    });
    absoluteFormats.set(name, format);
  }
  return format.format(at);
}

/** What the server says of itself in `/console.json`; nothing of it is fixed when the console is built. */

export interface Settings {
  issuer: string;
  client_id: string;
  scopes: string[];
  live: "events" | "polling";
}

export class SettingsMissing extends Error {}

export function readSettings(value: unknown): Settings {
  const of = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const scopes = Array.isArray(of.scopes) ? of.scopes.filter((scope) => typeof scope === "string") : [];
  if (typeof of.issuer !== "string" || typeof of.client_id !== "string") {
    throw new SettingsMissing("/console.json names no issuer and no client_id");
  }
  return {
    issuer: of.issuer,
    client_id: of.client_id,
    scopes: scopes.length > 0 ? scopes : ["openid"],
    live: of.live === "events" ? "events" : "polling",
  };
}

export async function loadSettings(): Promise<Settings> {
  const response = await fetch("/console.json", { headers: { Accept: "application/json" } });
  if (!response.ok) throw new SettingsMissing(`/console.json answers ${response.status}`);
  return readSettings(await response.json());
}

/** What the session of a tab holds, as the library of the sign-in stores it: the page is drawn before the library comes. */

/** A sign-in of a person. */
export interface Held {
  token: string;
  /** In milliseconds since 1970. */
  expires: number;
  sub: string;
  /** The printed name, where the provider gives one. */
  name?: string;
  /** Whether the library may renew it without the person. */
  renewable: boolean;
}

/** The place in the storage where oidc-client-ts keeps the sign-in of this client. */
export function placeOf(issuer: string, clientId: string): string {
  return `oidc.user:${issuer}:${clientId}`;
}

/** Reads what is stored; what cannot be read is none. */
export function readHeld(stored: string | null): Held | undefined {
  try {
    const user: unknown = JSON.parse(stored ?? "null");
    if (typeof user !== "object" || user === null) return undefined;
    const { access_token: token, expires_at: seconds, refresh_token: refresh, profile } = user as Record<string, unknown>;
    const { sub, name } = (typeof profile === "object" && profile !== null ? profile : {}) as Record<string, unknown>;
    if (typeof token !== "string" || typeof sub !== "string") return undefined;
    return {
      token,
      expires: typeof seconds === "number" ? seconds * 1000 : Number.POSITIVE_INFINITY,
      sub,
      ...(typeof name === "string" && { name }),
      renewable: typeof refresh === "string",
    };
  } catch {
    return undefined;
  }
}

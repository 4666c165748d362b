/** JSON as the service hashes it (RFC 8785). */
import canonicalize from "canonicalize";

import { bytesToHex, sha256 } from "./key";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export type Members = Record<string, unknown>;

/** The object in these bytes, and whether they are its canonical JSON; nothing when they hold none. */
export function objectOf(bytes: Uint8Array): { members: Members; isCanonical: boolean } | undefined {
  try {
    const text = decoder.decode(bytes);
    const value: unknown = JSON.parse(text);
    const members = membersOf(value);
    return members === undefined ? undefined : { members, isCanonical: canonicalize(value) === text };
  } catch {
    return undefined;
  }
}

export function membersOf(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

/** The SHA-256 of the canonical JSON of an entry without its member `hash`. */
export function hashOf({ hash: _, ...shown }: Members): string {
  return bytesToHex(sha256(encoder.encode(canonicalize(shown) ?? "")));
}

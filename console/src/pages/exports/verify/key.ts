/** Keys and signatures as openssl writes them, for WebCrypto. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** The bytes of a P-256 coordinate. */
const HALF = 32;
const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;

/** The DER in a PEM file of one public key; nothing when it is none. */
export function derOfPem(text: string): Uint8Array<ArrayBuffer> | undefined {
  const found = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(text);
  try {
    return found === null ? undefined : Uint8Array.from(atob((found[1] ?? "").replace(/\s/g, "")), (each) => each.charCodeAt(0));
  } catch {
    return undefined;
  }
}

export function fingerprintOf(der: Uint8Array): string {
  return bytesToHex(sha256(der));
}

/** What a person gave to compare: a key as PEM, or the fingerprint of one, with colons or without. */
export function fingerprintGiven(text: string): string | undefined {
  const der = derOfPem(text);
  if (der !== undefined) return fingerprintOf(der);
  const hex = text.replace(/^\s*SHA256\s*[:=(]?/i, "").replace(/[\s:]/g, "").toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? hex : undefined;
}

/** The two numbers of an `ECDSA-Sig-Value` (RFC 3279) in DER, as WebCrypto wants them; nothing when it is none. */
export function rawOfDer(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  // Two numbers of 33 bytes at most: the lengths are one byte each.
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const raw = new Uint8Array(2 * HALF);
  let at = 2;
  for (const half of [0, 1]) {
    const length = der[at + 1] ?? 0;
    if (der[at] !== 0x02 || length === 0 || at + 2 + length > der.length) return undefined;
    let number = der.subarray(at + 2, at + 2 + length);
    // DER writes a number in as few bytes as it needs, and none below zero.
    const isPadded = number[0] === 0 && number.length > 1;
    if (((number[0] ?? 0) & 0x80) !== 0 || (isPadded && ((number[1] ?? 0) & 0x80) === 0)) return undefined;
    if (isPadded) number = number.subarray(1);
    if (number.length > HALF) return undefined;
    raw.set(number, HALF * half + HALF - number.length);
    at += 2 + length;
  }
  return at === der.length ? raw : undefined;
}

export function importKey(der: Uint8Array<ArrayBuffer>): Promise<CryptoKey | undefined> {
  return crypto.subtle.importKey("spki", der, P256, false, ["verify"]).catch(() => undefined);
}

export function isSignedBy(key: CryptoKey, raw: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, raw, message);
}

export { bytesToHex, hexToBytes, sha256 };

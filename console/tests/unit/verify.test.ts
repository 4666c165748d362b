import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

import { fingerprintGiven, rawOfDer } from "../../src/pages/exports/verify/key";
import { LINE_MAX, Records } from "../../src/pages/exports/verify/records";
import { Findings, type Report } from "../../src/pages/exports/verify/finding";
import { verify } from "../../src/pages/exports/verify/verify";
import { type Files, filesFor, filesOf, flipped, hashed, publicDer, publicPem, sealed, versionsOf, zipOf } from "../archive.mjs";

const records = [
  ...versionsOf("w-1", 3),
  hashed({ event_id: "r-1", tenant_id: "default", workflow_id: "w-1", event_type: "WorkflowTransitionRefused", version: 3 }),
  { event_type: "UnreadableEntry", entry: "refusal", content: "0".repeat(64) },
];
const sample = filesFor(records);

async function check(files: Files, given = ""): Promise<Report> {
  return verify(await zipOf(files), given);
}
const faults = ({ findings }: Report) => findings.map(({ fault, file }) => `${fault} ${file ?? ""}`.trim());

test("a sound archive is sound, and the report says what was checked", async () => {
  const zip = await zipOf(sample);
  const seen: number[] = [];
  const report = await verify(zip, publicPem, ({ records: count }) => seen.push(count));
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ isSound: true, records: 5, versions: 3, workflows: 1, unreadable: 1, files: 7, isKeyGiven: true });
  expect(report.manifest).toMatchObject({ exportId: "export-1", tenant: "default", entries: 5 });
  expect(report.fingerprint).toBe(createHash("sha256").update(publicDer).digest("hex"));
  expect(report.archiveSha256).toBe(createHash("sha256").update(Buffer.from(await zip.arrayBuffer())).digest("hex"));
  expect(seen.at(-1)).toBe(5);
});

test("the archives that the service makes are sound, and a changed byte of each of their files is found", async () => {
  for (const name of ["workflow", "period"]) {
    const golden = new Blob([await readFile(new URL(`../../../shared/export/tests/golden/format-1/${name}/archive.zip`, import.meta.url))]);
    const report = await verify(golden, "");
    expect(report, name).toMatchObject({ findings: [], isSound: true, isKeyGiven: false });
    expect(report.records, name).toBeGreaterThan(0);
    const files = await filesOf(golden);
    for (const [file, bytes] of files) {
      const altered = await check(flipped(files, file, bytes.length >> 1));
      expect(altered.findings.some((found) => found.file === file || file === "manifest.sig"), `${name}: ${file}`).toBe(true);
    }
  }
});

test("a changed byte anywhere in any file is found, and its file is named", async () => {
  for (const [name, bytes] of sample) {
    const places = new Set([0, 1, bytes.length >> 1, bytes.length - 1, ...Array.from({ length: 12 }, (_, at) => Math.floor((bytes.length * at) / 12))]);
    for (const at of places) {
      const report = await check(flipped(sample, name, at));
      expect(report.isSound, `${name} at ${at}`).toBe(false);
      const named = report.findings.some(({ file }) => file === name || (file === "manifest.json" && name === "manifest.sig"));
      expect(named, `${name} at ${at}: ${JSON.stringify(report.findings)}`).toBe(true);
    }
  }
});

test("a changed byte of the zip around its files is never taken for sound content", async () => {
  const bytes = new Uint8Array(await (await zipOf(sample)).arrayBuffer());
  const [sound, content] = [await verify(new Blob([bytes]), ""), await filesOf(new Blob([bytes]))];
  for (let at = 0; at < bytes.length; at += 7) {
    const other = Uint8Array.from(bytes);
    other[at] = (other[at] ?? 0) ^ 0x40;
    const report = await verify(new Blob([other]), "");
    if (report.isSound) expect(await filesOf(new Blob([other])), `byte ${at}`).toEqual(content);
    expect(report.archiveSha256).not.toBe(sound.archiveSha256);
  }
});

test("an altered record is named with its line, workflow and version", async () => {
  const altered = records.map((each, index) => (index === 1 ? { ...each, to_state: "COMPLETED" } : each));
  const lines = filesFor(altered).get("records.jsonl");
  const report = await check(new Map(sample).set("records.jsonl", lines ?? new Uint8Array()));
  expect(report.findings).toContainEqual({ fault: "record-altered", file: "records.jsonl", line: 2, workflowId: "w-1", version: 2, eventId: "w-1-2" });
});

test("who seals an altered archive again still meets the records' own hashes and the key", async () => {
  const report = await check(filesFor(records.map((each, index) => (index === 1 ? { ...each, to_state: "COMPLETED" } : each))));
  expect(faults(report)).toEqual(["record-altered records.jsonl"]);
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" }).toString();
  expect(faults(await check(sample, other))).toEqual(["key-other public-key.pem"]);
  expect(faults(await check(sample, "no key"))).toEqual(["key-other public-key.pem"]);
});

test("the chain of a workflow names what is missing, doubled, unlinked or not of its manifest", async () => {
  const [first, second, third] = versionsOf("w-1", 3);
  const other = hashed({ ...second, hash: undefined, previous_hash: "1".repeat(64) });
  const named = async (list: readonly unknown[], more = {}) => faults(await check(filesFor(list as object[], more)));
  expect(await named([first, third])).toEqual(["version-missing records.jsonl"]);
  expect(await named([second, third])).toEqual(["version-missing records.jsonl"]);
  expect(await named([first, second, second])).toEqual(["record-twice records.jsonl"]);
  expect(await named([first, other])).toEqual(["record-unlinked records.jsonl"]);
  expect(await named([first, second], { heads: [{ workflow_id: "w-1", version: 3, hash: third?.hash }] })).toEqual(["head-differs records.jsonl"]);
  expect(await named([first, second], { entries: 3 })).toEqual(["count-differs records.jsonl"]);
  expect(await named([first], { tenant_id: "other" })).toEqual(["record-foreign records.jsonl"]);
  // Of a period only the versions in it are there.
  expect(await named([second, third], { selection: { from: "a", to: "b" } })).toEqual([]);
});

test("a version that resumes past released ones is no break", async () => {
  const [first] = versionsOf("w-1", 1);
  const resumed = hashed({ ...versionsOf("w-1", 3)[2], hash: undefined, previous_hash: first?.hash, resumes: { from_version: 1 } });
  expect(faults(await check(filesFor([first as object, resumed])))).toEqual([]);
});

test("a recovery fits the hashes of its two entries, and a version after an unreadable one needs no link", async () => {
  const request = hashed({ attempt: 1, tenant_id: "default" });
  const [shown, { hash: requestHash, ...kept }] = [{ event_type: "RecoveryAttempt", version: 1 }, request as { hash: string }];
  const line = (part: object, more = {}) => ({ at: "x", entry: { ...shown, request_hash: requestHash }, request: part, workflow_id: "w-1", ...more });
  const [first, , third] = versionsOf("w-1", 3);
  expect(faults(await check(filesFor([first as object, line(kept)])))).toEqual([]);
  expect(faults(await check(filesFor([first as object, line({ ...kept, attempt: 2 })])))).toEqual(["record-altered records.jsonl"]);
  expect(faults(await check(filesFor([first as object, line(kept, { request: undefined })])))).toEqual(["record-altered records.jsonl"]);
  const unreadable = { event_type: "UnreadableEntry", entry: "version", version: 2, content: "0".repeat(64) };
  expect(faults(await check(filesFor([first as object, { at: "x", entry: unreadable, workflow_id: "w-1" }, third as object])))).toEqual([]);
});

test("a line that names another workflow or another time than its entry is altered", async () => {
  const [first] = versionsOf("w-1", 1);
  for (const more of [{ workflow_id: "w-2" }, { at: "2020-01-01T00:00:00.000Z" }]) {
    const entry = hashed({ ...first, hash: undefined, timestamp: "2026-11-28T08:00:00.000Z" });
    const files = filesFor([{ at: "2026-11-28T08:00:00.000Z", entry, workflow_id: "w-1", ...more }], { heads: [] });
    expect(faults(await check(files))).toEqual(["record-altered records.jsonl"]);
  }
});

test("a missing file and an extra one are named", async () => {
  for (const name of sample.keys()) {
    const without = new Map(sample);
    without.delete(name);
    expect(faults(await check(without)), name).toContain(`file-missing ${name}`);
  }
  expect(faults(await check(new Map(sample).set("more.txt", new Uint8Array(1))))).toEqual(["file-extra more.txt"]);
});

test("what is no archive, or of a newer format, is said to be so", async () => {
  expect(faults(await verify(new Blob([]), ""))).toEqual(["zip-unreadable"]);
  expect(faults(await verify(new Blob(["no zip"]), ""))).toEqual(["zip-unreadable"]);
  expect(faults(await verify((await zipOf(sample)).slice(0, 900), ""))).toEqual(["zip-unreadable"]);
  expect(faults(await check(sealed(sample, { format: 2 })))).toEqual(["manifest-newer manifest.json"]);
  expect(faults(await check(sealed(sample, { files: 7 })))).toEqual(["manifest-unreadable manifest.json"]);
});

test("a line of any length, cut anywhere, is one record; one that is too long is none and is not kept", () => {
  const text = new TextEncoder().encode(`${JSON.stringify({ entry: { event_type: "UnreadableEntry" } })}\n{"a":"ä"}\n`);
  for (let at = 0; at <= text.length; at += 1) {
    const findings = new Findings();
    const walk = new Records({ tenant: undefined, isWhole: false, heads: new Map() }, findings);
    walk.push(text.subarray(0, at));
    walk.push(text.subarray(at));
    walk.end();
    expect([walk.lines, walk.unreadable, findings.count]).toEqual([2, 1, 1]);
  }
  const findings = new Findings();
  const walk = new Records({ tenant: undefined, isWhole: false, heads: new Map() }, findings);
  for (let sent = 0; sent <= LINE_MAX; sent += 65_536) walk.push(new Uint8Array(65_536).fill(0x61));
  walk.end();
  expect(findings.named).toEqual([{ fault: "record-unreadable", file: "records.jsonl", line: 1 }]);
});

test("a signature in DER becomes two numbers, and any other bytes none", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  for (let index = 0; index < 300; index += 1) {
    const der = sign("sha256", Buffer.from([index]), privateKey);
    expect(rawOfDer(der)).toHaveLength(64);
    for (const cut of [der.subarray(1), der.subarray(0, -1), Buffer.concat([der, Buffer.from([0])])]) expect(rawOfDer(cut)).toBeUndefined();
  }
  expect(rawOfDer(new Uint8Array())).toBeUndefined();
});

test("a key is compared as PEM or by its fingerprint", () => {
  const hex = createHash("sha256").update(publicDer).digest("hex");
  expect(fingerprintGiven(publicPem)).toBe(hex);
  expect(fingerprintGiven(hex.toUpperCase())).toBe(hex);
  expect(fingerprintGiven(`SHA256:${(hex.match(/../g) ?? []).join(":")}\n`)).toBe(hex);
  for (const other of ["", "ab", `${hex}0`, publicPem.replace("PUBLIC", "PRIVATE")]) expect(fingerprintGiven(other)).toBeUndefined();
});

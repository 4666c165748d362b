/** A sample of an exported archive, made as the service makes one, with each file open to changes. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";

import { BlobReader, Uint8ArrayWriter, ZipReader, ZipWriter, Uint8ArrayReader, configure } from "@zip.js/zip.js/index-native.js";
import canonicalize from "canonicalize";

configure({ useWebWorkers: false });

const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const publicPem = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
export const publicDer = keys.publicKey.export({ type: "spki", format: "der" });

const bytesOf = (text) => new TextEncoder().encode(text);
const sha = (bytes) => createHash("sha256").update(bytes).digest("hex");

export function hashed(record) {
  return { ...record, hash: sha(bytesOf(canonicalize(record) ?? "")) };
}

/** Versions of one workflow, each following from the one before. */
export function versionsOf(workflowId, count) {
  const made = [];
  for (let version = 1; version <= count; version += 1) {
    made.push(
      hashed({
        event_id: `${workflowId}-${version}`,
        tenant_id: "default",
        workflow_id: workflowId,
        event_type: version === 1 ? "WorkflowCreated" : "WorkflowStateChanged",
        version,
        from_state: null,
        to_state: "ACTIVE",
        metadata: { "größe": 1e21, list: [1, 0.5, "ä\n\u2028"], __proto: null },
        previous_hash: made.at(-1)?.hash ?? "0".repeat(64),
      }),
    );
  }
  return made;
}

export function filesFor(records, more = {}) {
  const lines = records.map((each) => `${canonicalize(lineOf(each))}\n`).join("");
  const heads = new Map();
  for (const { workflow_id: id, version, hash, to_state: to } of records) {
    if (to !== undefined) heads.set(String(id), { workflow_id: id, version, hash });
  }
  const files = new Map([
    ["records.jsonl", bytesOf(lines)],
    ["public-key.pem", bytesOf(publicPem)],
    ["verify.py", bytesOf("print('checked')\n")],
    ["report.html", bytesOf("<!doctype html><title>Report</title>\n")],
    ["README.txt", bytesOf("How to check.\n")],
  ]);
  const workflows = new Set(records.map((each) => lineOf(each).workflow_id)).size;
  return sealed(files, { entries: records.length, workflows, heads: [...heads.values()], ...more });
}

/** A recovery comes as a line already: it has more than its entry. */
function lineOf(record) {
  if ("entry" in record && "at" in record) return record;
  return { at: record.timestamp ?? "2026-11-28T08:00:00.000Z", entry: record, workflow_id: record.workflow_id ?? "w-1" };
}

/** With a manifest that fits the files, and a signature that fits the manifest. */
export function sealed(files, more) {
  const manifest = bytesOf(
    canonicalize({
      format: 1,
      export_id: "export-1",
      tenant_id: "default",
      selection: { workflow_id: "w-1" },
      requested_by: "sue",
      requested_at: "2026-11-29T08:00:00.000Z",
      files: [...files].filter(([name]) => !name.startsWith("manifest.")).map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: sha(bytes) })),
      ...more,
    }) ?? "",
  );
  const all = new Map([...files].filter(([name]) => !name.startsWith("manifest.")));
  return all.set("manifest.json", manifest).set("manifest.sig", sign("sha256", manifest, keys.privateKey));
}

export async function zipOf(files) {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { lastModDate: new Date("2026-01-01T00:00:00Z"), extendedTimestamp: false });
  for (const [name, bytes] of files) await writer.add(name, new Uint8ArrayReader(bytes));
  return new Blob([await writer.close()]);
}

export async function filesOf(zip) {
  const files = new Map();
  for (const entry of await new ZipReader(new BlobReader(zip)).getEntries()) {
    if (!entry.directory) files.set(entry.filename, await entry.getData(new Uint8ArrayWriter()));
  }
  return files;
}

/** The same files with one bit of one byte changed. */
export function flipped(files, name, at) {
  const bytes = Uint8Array.from(files.get(name) ?? []);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return new Map(files).set(name, bytes);
}

/**
 * Checks an exported archive without the service and without a network. The signature covers the manifest, the manifest
 * names the hash of every other file, and each record has a hash of its own.
 *
 * Memory: the manifest, one line of the records, and about 200 bytes for each workflow, however long the archive is.
 */
import { Archive } from "./archive";
import { type Members, objectOf } from "./canonical";
import { type About, Findings, type Progress, type Report } from "./finding";
import { bytesToHex, derOfPem, fingerprintGiven, fingerprintOf, importKey, isSignedBy, rawOfDer, sha256 } from "./key";
import { LINE_MAX, Records } from "./records";

const MANIFEST = "manifest.json";
const SIGNATURE = "manifest.sig";
const KEY = "public-key.pem";
const RECORDS = "records.jsonl";
/** The format that this release reads. */
const FORMAT = 1;
/** A manifest names each workflow: 256 MiB are more than a million of them. */
const MANIFEST_MAX = 256 * 1024 * 1024;
const SMALL_MAX = 64 * 1024;

interface NamedFile {
  name: string;
  bytes: number;
  sha256: string;
}

export async function verify(file: Blob, given: string, onProgress: (progress: Progress) => void = () => undefined): Promise<Report> {
  const findings = new Findings();
  const archiveSha256 = await digestOf(file, (bytes) => onProgress({ step: "archive", bytes, ofBytes: file.size, records: 0 }));
  const report = { archiveSha256, isKeyGiven: given.trim() !== "", files: 0, records: 0, versions: 0, workflows: 0, unreadable: 0 };
  const end = (more: Partial<Report> = {}): Report => ({
    ...report,
    ...more,
    isSound: findings.count === 0,
    findings: findings.named,
    found: findings.count,
  });
  const archive = await Archive.open(file, findings);
  if (archive === undefined) return end();
  const names = new Set(archive.names);
  for (const name of [MANIFEST, SIGNATURE, KEY]) {
    if (!names.has(name)) findings.add({ fault: "file-missing", file: name });
  }
  const manifestBytes = names.has(MANIFEST) ? await archive.whole(MANIFEST, MANIFEST_MAX) : undefined;
  const fingerprint = await checkSignature(archive, names, manifestBytes, given, findings);
  const known = fingerprint === undefined ? {} : { fingerprint };
  if (manifestBytes === undefined) {
    if (names.has(MANIFEST)) findings.add({ fault: "file-unreadable", file: MANIFEST });
    return end(known);
  }
  const manifest = objectOf(manifestBytes);
  const files = manifest === undefined ? undefined : filesOf(manifest.members);
  if (manifest === undefined || files === undefined) {
    const isNewer = typeof manifest?.members.format === "number" && manifest.members.format > FORMAT;
    findings.add({ fault: isNewer ? "manifest-newer" : "manifest-unreadable", file: MANIFEST });
    return end(known);
  }
  if (!manifest.isCanonical) findings.add({ fault: "manifest-not-canonical", file: MANIFEST });
  const listed = new Set([MANIFEST, SIGNATURE, ...files.map(({ name }) => name)]);
  for (const name of names) {
    if (!listed.has(name) && name !== KEY) findings.add({ fault: "file-extra", file: name });
  }
  const about = aboutOf(manifest.members);
  const records = new Records({ tenant: about.tenant || undefined, isWhole: "workflow_id" in about.selection, heads: headsOf(manifest.members) }, findings);
  const ofBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const named of files) {
    const { name } = named;
    if (!names.has(name)) {
      if (name !== KEY) findings.add({ fault: "file-missing", file: name });
      continue;
    }
    const isRecords = name === RECORDS;
    const step = isRecords ? "records" : "files";
    await checkFile(archive, named, findings, (bytes) => {
      if (isRecords) records.push(bytes);
      done += bytes.length;
      onProgress({ step, file: name, bytes: done, ofBytes, records: records.lines });
    });
    if (isRecords) records.end();
  }
  if (!listed.has(RECORDS)) findings.add({ fault: "file-missing", file: RECORDS });
  if (records.lines !== about.entries || records.workflows !== about.workflows) findings.add({ fault: "count-differs", file: RECORDS });
  const { lines, versions, workflows, unreadable } = records;
  return end({ ...known, manifest: about, files: names.size, records: lines, versions, workflows, unreadable });
}

async function digestOf(file: Blob, onBytes: (bytes: number) => void): Promise<string> {
  const hash = sha256.create();
  const reader = file.stream().getReader();
  let seen = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    hash.update(part.value);
    seen += part.value.length;
    onBytes(seen);
  }
  return bytesToHex(hash.digest());
}

/** Checks the signature under the manifest; returns the fingerprint of the archive's key. */
async function checkSignature(
  archive: Archive,
  names: ReadonlySet<string>,
  manifest: Uint8Array<ArrayBuffer> | undefined,
  given: string,
  findings: Findings,
): Promise<string | undefined> {
  const [pem, signature] = [await archive.whole(KEY, SMALL_MAX), await archive.whole(SIGNATURE, SMALL_MAX)];
  const der = pem === undefined ? undefined : derOfPem(new TextDecoder().decode(pem));
  const key = der === undefined ? undefined : await importKey(der);
  const fingerprint = key === undefined || der === undefined ? undefined : fingerprintOf(der);
  if (names.has(KEY) && fingerprint === undefined) findings.add({ fault: "key-unreadable", file: KEY });
  if (fingerprint !== undefined && given.trim() !== "" && fingerprintGiven(given) !== fingerprint) {
    findings.add({ fault: "key-other", file: KEY });
  }
  const raw = signature === undefined ? undefined : rawOfDer(signature);
  if (names.has(SIGNATURE) && raw === undefined) findings.add({ fault: "signature-unreadable", file: SIGNATURE });
  if (key !== undefined && raw !== undefined && manifest !== undefined && !(await isSignedBy(key, raw, manifest))) {
    findings.add({ fault: "signature-wrong", file: MANIFEST });
  }
  return fingerprint;
}

async function checkFile(archive: Archive, named: NamedFile, findings: Findings, onBytes: (bytes: Uint8Array) => void): Promise<void> {
  const { name } = named;
  // Records are read on when there are more than there should be: then the altered one can be named.
  const limit = name === RECORDS ? 2 * named.bytes + LINE_MAX : named.bytes;
  const hash = sha256.create();
  let seen = 0;
  const outcome = await archive.read(name, limit, (bytes) => {
    hash.update(bytes);
    seen += bytes.length;
    onBytes(bytes);
  });
  if (outcome === "unreadable") findings.add({ fault: "file-unreadable", file: name });
  else if (outcome === "longer" || seen !== named.bytes) findings.add({ fault: "file-size", file: name });
  else if (bytesToHex(hash.digest()) !== named.sha256) findings.add({ fault: "file-altered", file: name });
}

/** The files that a manifest of this format names; nothing when it is of another one. */
function filesOf({ format, files }: Members): NamedFile[] | undefined {
  if (format !== FORMAT || !Array.isArray(files)) return undefined;
  const isNamed = (each: unknown): each is NamedFile => {
    const { name, bytes, sha256: hash } = (each ?? {}) as Partial<NamedFile>;
    return typeof name === "string" && typeof bytes === "number" && typeof hash === "string";
  };
  return files.every(isNamed) ? files : undefined;
}

function aboutOf(manifest: Members): About {
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const number = (value: unknown) => (typeof value === "number" ? value : -1);
  const { selection } = manifest;
  return {
    exportId: text(manifest.export_id),
    tenant: text(manifest.tenant_id),
    requestedBy: text(manifest.requested_by),
    requestedAt: text(manifest.requested_at),
    entries: number(manifest.entries),
    workflows: number(manifest.workflows),
    selection: typeof selection === "object" && selection !== null ? (selection as Members) : {},
  };
}

function headsOf({ heads }: Members): Map<string, { version: number; hash: string }> {
  const found = new Map<string, { version: number; hash: string }>();
  for (const each of Array.isArray(heads) ? heads : []) {
    const { workflow_id: id, version, hash } = each as Members;
    if (typeof id === "string" && typeof version === "number" && typeof hash === "string") found.set(id, { version, hash });
  }
  return found;
}

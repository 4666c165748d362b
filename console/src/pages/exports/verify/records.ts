/** Walks the records of an archive line by line: each has its own hash, and the versions of a workflow are a chain. */
import { type Members, hashOf, membersOf, objectOf } from "./canonical";
import type { Findings } from "./finding";

/** No entry of the log is so long: its data have at most 64 KiB. A longer line is no record, and is not kept. */
export const LINE_MAX = 4 * 1024 * 1024;
const FILE = "records.jsonl";
const NO_HASH = "0".repeat(64);
const NEWLINE = 0x0a;

interface Head {
  version: number;
  /** Absent of a version that the service could not read. */
  hash: string | undefined;
}

export interface Expected {
  tenant: string | undefined;
  /** Every version of the workflows must be there, from the first. */
  isWhole: boolean;
  heads: ReadonlyMap<string, Head>;
}

export class Records {
  lines = 0;
  versions = 0;
  unreadable = 0;
  private readonly ids = new Set<string>();
  private readonly heads = new Map<string, Head>();
  private rest: Uint8Array[] = [];
  private held = 0;
  private isTooLong = false;

  constructor(
    private readonly expected: Expected,
    private readonly findings: Findings,
  ) {}

  get workflows(): number {
    return this.ids.size;
  }

  /** The next bytes of the file; a line may begin in one part and end in another. */
  push(bytes: Uint8Array): void {
    let from = 0;
    for (let to = bytes.indexOf(NEWLINE, from); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      this.keep(bytes.subarray(from, to));
      this.endLine();
      from = to + 1;
    }
    if (from < bytes.length) this.keep(bytes.subarray(from));
  }

  /** What follows from all of them. */
  end(): void {
    if (this.held > 0 || this.isTooLong) this.endLine();
    for (const [workflowId, head] of this.expected.heads) {
      const found = this.heads.get(workflowId);
      if (found?.version !== head.version || found.hash !== head.hash) {
        this.findings.add({ fault: "head-differs", file: FILE, workflowId, version: head.version });
      }
    }
  }

  private keep(part: Uint8Array): void {
    this.held += part.length;
    if (this.held > LINE_MAX) {
      this.isTooLong = true;
      this.rest = [];
    } else {
      this.rest.push(part.slice());
    }
  }

  private endLine(): void {
    this.lines += 1;
    const [line, isTooLong] = [joined(this.rest), this.isTooLong];
    [this.rest, this.held, this.isTooLong] = [[], 0, false];
    const found = isTooLong ? undefined : objectOf(line);
    if (found === undefined) {
      this.findings.add({ fault: "record-unreadable", file: FILE, line: this.lines });
      return;
    }
    this.check(found.members, found.isCanonical);
  }

  /** A line names an entry, its time and its workflow. A recovery also has the two entries that its hashes cover. */
  private check(line: Members, isCanonical: boolean): void {
    const entry = membersOf(line.entry);
    if (entry === undefined) {
      this.findings.add({ fault: "record-unreadable", file: FILE, line: this.lines });
      return;
    }
    const eventId = text(entry.event_id);
    const version = typeof entry.version === "number" ? entry.version : undefined;
    const workflowId = text(line.workflow_id);
    const where = {
      file: FILE,
      line: this.lines,
      ...(workflowId !== undefined && { workflowId }),
      ...(version !== undefined && { version }),
      ...(eventId !== undefined && { eventId }),
    };
    if (workflowId !== undefined) this.ids.add(workflowId);
    if (!isCanonical) this.findings.add({ fault: "record-not-canonical", ...where });
    const tenant = text(entry.tenant_id);
    if (tenant !== undefined && this.expected.tenant !== undefined && tenant !== this.expected.tenant) {
      this.findings.add({ fault: "record-foreign", ...where });
    }
    if (!this.isSound(line, entry, workflowId)) this.findings.add({ fault: "record-altered", ...where });
    if (workflowId === undefined || version === undefined) return;
    const hash = text(entry.hash);
    if (hash !== undefined && "to_state" in entry) this.follow(entry, workflowId, version, hash, where);
    // What the service could not read has no hash that the next version could name.
    if (isUnreadable(entry) && entry.entry === "version") this.heads.set(workflowId, { version, hash: undefined });
  }

  private isSound(line: Members, entry: Members, workflowId: string | undefined): boolean {
    const parts = (["request", "outcome"] as const).filter((part) => part in line);
    const fits = parts.every((part) => hashOf(membersOf(line[part]) ?? {}) === entry[`${part}_hash`]);
    const isIts = text(entry.workflow_id) === undefined || entry.workflow_id === workflowId;
    const isThen = text(entry.timestamp) === undefined || entry.timestamp === line.at;
    return this.fitsItsHash(entry, parts.length) && fits && isIts && isThen;
  }

  /** The service shows no hash of what it could not read, and of an attempt those of its two entries. */
  private fitsItsHash(entry: Members, parts: number): boolean {
    if (text(entry.hash) !== undefined) return hashOf(entry) === entry.hash;
    if (isUnreadable(entry)) this.unreadable += 1;
    return isUnreadable(entry) || (entry.event_type === "RecoveryAttempt" && parts > 0);
  }

  /** A version follows from the one before it. */
  private follow(entry: Members, workflowId: string, version: number, hash: string, where: object): void {
    this.versions += 1;
    const before = this.heads.get(workflowId);
    if (before !== undefined && version <= before.version) {
      this.findings.add({ fault: "record-twice", ...where });
      return;
    }
    this.heads.set(workflowId, { version, hash });
    const previous = text(entry.previous_hash);
    // It continues from an earlier version, past some that could not be read.
    const isResumed = "resumes" in entry;
    const isNext = before === undefined ? version === 1 : version === before.version + 1;
    if (!isNext && this.expected.isWhole && !isResumed) this.findings.add({ fault: "version-missing", ...where });
    if (version === 1 && previous !== NO_HASH) this.findings.add({ fault: "record-unlinked", ...where });
    if (isNext && before?.hash !== undefined && !isResumed && previous !== before.hash) {
      this.findings.add({ fault: "record-unlinked", ...where });
    }
  }
}

function isUnreadable(entry: Members): boolean {
  return entry.event_type === "UnreadableEntry";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

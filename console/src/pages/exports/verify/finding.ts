/** What a check of an archive can find, and how far it is. The names go to the messages of the page. */

export type FaultName =
  | "zip-unreadable"
  | "zip-ambiguous"
  | "file-missing"
  | "file-extra"
  | "file-unreadable"
  | "file-size"
  | "file-altered"
  | "manifest-unreadable"
  | "manifest-not-canonical"
  | "manifest-newer"
  | "signature-wrong"
  | "signature-unreadable"
  | "key-unreadable"
  | "key-other"
  | "record-unreadable"
  | "record-not-canonical"
  | "record-altered"
  | "record-foreign"
  | "record-unlinked"
  | "record-twice"
  | "version-missing"
  | "count-differs"
  | "head-differs";

export interface Finding {
  fault: FaultName;
  /** The file in the archive. */
  file?: string;
  /** The line of `records.jsonl`, from 1. */
  line?: number;
  workflowId?: string;
  version?: number;
  /** What identifies a record that is no version. */
  eventId?: string;
}

export interface Progress {
  step: "archive" | "files" | "records";
  file?: string;
  bytes: number;
  ofBytes: number;
  records: number;
}

export interface Report {
  /** Nothing was found that should not be so. */
  isSound: boolean;
  findings: readonly Finding[];
  /** All that were found; `findings` holds the first of them. */
  found: number;
  /** SHA-256 of the whole file. */
  archiveSha256: string;
  /** SHA-256 of the DER of the public key in the archive. */
  fingerprint?: string;
  /** How the key that the person gave compares with the one in the archive; absent when none was given. */
  isKeyGiven: boolean;
  manifest?: About;
  files: number;
  records: number;
  versions: number;
  workflows: number;
  /** Records that the service itself could not read when it made the export. */
  unreadable: number;
}

/** What the manifest says of the export. */
export interface About {
  exportId: string;
  tenant: string;
  requestedBy: string;
  requestedAt: string;
  entries: number;
  workflows: number;
  selection: Readonly<Record<string, unknown>>;
}

/** The first so many are named, and all are counted: an archive may be altered everywhere. */
export const FINDINGS_MAX = 200;

export class Findings {
  readonly named: Finding[] = [];
  count = 0;

  add(finding: Finding): void {
    this.count += 1;
    if (this.named.length < FINDINGS_MAX) this.named.push(finding);
  }
}

/** The files of an archive, read from where they lie in it, so that none has to fit into memory. */
import { BlobReader, ERR_AMBIGUOUS_ARCHIVE, type FileEntry, ZipReader, configure } from "@zip.js/zip.js/index-native.js";

import type { Findings } from "./finding";

// The check runs in a worker already, and the policy of the page permits no script that is not a file.
configure({ useWebWorkers: false });

const READING = { checkSignature: true } as const;

export class Archive {
  private constructor(private readonly entries: ReadonlyMap<string, FileEntry>) {}

  /** Reads the directory; nothing when there is none. */
  static async open(file: Blob, findings: Findings): Promise<Archive | undefined> {
    for (const strictness of ["strict", "tolerant"] as const) {
      try {
        const reader = new ZipReader(new BlobReader(file), { strictness, filenameValidation: "tolerant" });
        const found = await reader.getEntries();
        const entries = new Map<string, FileEntry>();
        for (const entry of found) {
          if (entry.directory || entry.encrypted || entries.has(entry.filename)) {
            findings.add({ fault: "file-extra", file: entry.filename });
          } else {
            entries.set(entry.filename, entry);
          }
        }
        return new Archive(entries);
      } catch (error) {
        // Programs may read it in more than one way: it is read on, so that more can be said of it.
        if (strictness === "strict" && error instanceof Error && error.message === ERR_AMBIGUOUS_ARCHIVE) {
          findings.add({ fault: "zip-ambiguous" });
        } else if (strictness === "tolerant") {
          findings.add({ fault: "zip-unreadable" });
        }
      }
    }
    return undefined;
  }

  get names(): readonly string[] {
    return [...this.entries.keys()];
  }

  sizeOf(name: string): number {
    return this.entries.get(name)?.uncompressedSize ?? 0;
  }

  /** Gives the bytes part by part, and at most `limit` of them. Returns whether they could be read to the end. */
  async read(name: string, limit: number, onBytes: (bytes: Uint8Array) => void): Promise<"read" | "longer" | "unreadable"> {
    const entry = this.entries.get(name);
    if (entry === undefined) return "unreadable";
    let [seen, isLonger] = [0, false];
    const sink = new WritableStream<Uint8Array>({
      write(bytes) {
        seen += bytes.length;
        isLonger = seen > limit;
        if (isLonger) throw new Error("longer than its limit");
        onBytes(bytes);
      },
    });
    try {
      await entry.getData(sink, READING);
      return "read";
    } catch {
      return isLonger ? "longer" : "unreadable";
    }
  }

  /** A small file, whole. */
  async whole(name: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const parts: Uint8Array[] = [];
    const outcome = await this.read(name, limit, (bytes) => parts.push(bytes.slice()));
    return outcome === "read" ? new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()) : undefined;
  }
}

/** What a person changed of a workflow's data, as the request that says only that. */
import type { Schemas, Workflow } from "../../api/client";
import { type Edit, type Json, leaves, pathOf, patchOf, textOf, valueOf } from "./data";

/** A value that was there, as the person left it. */
export interface Field {
  path: readonly string[];
  before: Json;
  text: string;
  isRemoved: boolean;
}

export interface Addition {
  name: string;
  text: string;
}

export interface LabelEdit {
  name: string;
  value: string;
  /** None: it is new. */
  before?: string;
}

export interface Edits {
  fields: readonly Field[];
  additions: readonly Addition[];
  /** Those that were there, and new ones; a label without a value is removed. */
  labels: readonly LabelEdit[];
  assignee: string;
  /** As the input shows it: local time without a zone. */
  due: string;
  reason: string;
}

export function begin(workflow: Workflow): Edits {
  const fields = leaves(workflow.metadata as Json).map(({ path, value }) => ({
    path,
    before: value,
    text: textOf(value),
    isRemoved: false,
  }));
  const labels = Object.entries(workflow.labels ?? {}).map(([name, value]) => ({ name, value, before: value }));
  return { fields, additions: [], labels, assignee: workflow.assignee ?? "", due: localOf(workflow.due_at), reason: "" };
}

/** An instant as an input of date and time shows it here. */
export function localOf(at: string | undefined): string {
  if (at === undefined) return "";
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function isSound(field: Field): boolean {
  return field.isRemoved || field.text === textOf(field.before) || valueOf(field.text, field.before) !== undefined;
}

export function isNamed(addition: Addition): boolean {
  return pathOf(addition.name) !== undefined;
}

const LABEL_NAME = /^[a-z0-9._-]{1,32}$/;

/** A new label needs a name; one without name and value is none. */
export function isLabel({ name, value, before }: LabelEdit): boolean {
  return before !== undefined || (name === "" && value.trim() === "") || (LABEL_NAME.test(name) && value.trim() !== "");
}

function labelsOf(edits: readonly LabelEdit[]): Record<string, string | null> {
  const changed = edits.filter(({ name, value, before }) => name !== "" && value.trim() !== (before ?? ""));
  // An own member, whatever its name.
  return Object.fromEntries(changed.map(({ name, value }) => [name, value.trim() === "" ? null : value.trim()]));
}

/** The amendment; what the person did not touch is not in it, so a colleague's change of it stays. */
export function amendmentOf(edits: Edits, workflow: Workflow): Schemas["WorkflowAmendment"] {
  const changed: Edit[] = edits.fields.flatMap((field): Edit[] => {
    if (field.isRemoved) return [{ path: field.path }];
    if (field.text === textOf(field.before)) return [];
    const value = valueOf(field.text, field.before);
    return value === undefined ? [] : [{ path: field.path, value }];
  });
  const added: Edit[] = edits.additions.flatMap((addition): Edit[] => {
    const path = pathOf(addition.name);
    const value = valueOf(addition.text, undefined);
    return path === undefined || value === undefined ? [] : [{ path, value }];
  });
  const all = [...changed, ...added];
  const before = begin(workflow);
  const labels = labelsOf(edits.labels);
  return {
    reason: edits.reason.trim(),
    ...(all.length > 0 && { metadata: patchOf(all) }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(edits.assignee.trim() !== before.assignee && { assignee: edits.assignee.trim() || null }),
    ...(edits.due !== before.due && { due_at: edits.due === "" ? null : new Date(edits.due).toISOString() }),
  };
}

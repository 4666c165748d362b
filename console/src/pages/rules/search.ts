import { oneText } from "../../search";

export interface RulesSearch {
  /** The workflow on which the rules are tried. */
  try?: string;
}

const ID = /^(\.{0,2}[A-Za-z0-9_:-][A-Za-z0-9._:-]*|\.{3}[A-Za-z0-9._:-]*)$/;
const ID_MAX = 128;

export function isWorkflowId(text: string): boolean {
  return text.length <= ID_MAX && ID.test(text);
}

export function readRules(search: Record<string, unknown>): RulesSearch {
  const id = oneText(search.try);
  return id !== undefined && isWorkflowId(id) ? { try: id } : {};
}

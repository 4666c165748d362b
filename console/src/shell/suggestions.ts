/** What a text in the search may mean. Labels are compared exactly, so each known name is offered. */

export type Suggestion =
  | { id: string; kind: "label"; name: string; value: string }
  | { id: string; kind: "workflow"; workflowId: string }
  | { id: string; kind: "assignee"; assignee: string };

const WORKFLOW_ID = /^(\.{0,2}[A-Za-z0-9_:-][A-Za-z0-9._:-]*|\.{3}[A-Za-z0-9._:-]*)$/;
const LABEL = /^([a-z0-9._-]{1,32}):(.{1,64})$/;

export interface Known {
  workflowIds: ReadonlySet<string>;
  labelNames: readonly string[];
  /** Labels with this text as value, as `name:value`. */
  labels: ReadonlySet<string>;
  assignees: ReadonlySet<string>;
}

/** The likeliest first: what was seen on this screen, then what is possible. */
export function suggestions(text: string, known: Known): Suggestion[] {
  const asked = text.trim();
  if (asked === "") return [];
  const found: Suggestion[] = [];
  const open: Suggestion = { id: `workflow ${asked}`, kind: "workflow", workflowId: asked };
  const isId = asked.length <= 128 && WORKFLOW_ID.test(asked);
  if (isId && known.workflowIds.has(asked)) found.push(open);
  const written = LABEL.exec(asked);
  if (written?.[1] !== undefined && written[2] !== undefined) {
    found.push({ id: `label ${asked}`, kind: "label", name: written[1], value: written[2] });
  }
  if (asked.length <= 64) {
    const named = known.labelNames.map((name): Suggestion => ({ id: `label ${name}:${asked}`, kind: "label", name, value: asked }));
    const seen = (each: Suggestion) => each.kind === "label" && known.labels.has(`${each.name}:${each.value}`);
    found.push(...named.filter(seen), ...named.filter((each) => !seen(each)));
  }
  if (known.assignees.has(asked)) found.unshift({ id: `assignee ${asked}`, kind: "assignee", assignee: asked });
  if (isId && !known.workflowIds.has(asked)) found.push(open);
  return found.filter((each, index) => found.findIndex(({ id }) => id === each.id) === index);
}

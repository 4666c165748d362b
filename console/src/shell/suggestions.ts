/** What a text in the search may mean: what was seen and has it as a part, then what it is when it is exact. */

interface About {
  id: string;
  /** A list of this session showed it; else the text is taken as it is. */
  isSeen: boolean;
}

export type Suggestion = About &
  (
    | { kind: "label"; name: string; value: string }
    | { kind: "workflow"; workflowId: string }
    | { kind: "assignee"; assignee: string }
  );

const WORKFLOW_ID = /^(\.{0,2}[A-Za-z0-9_:-][A-Za-z0-9._:-]*|\.{3}[A-Za-z0-9._:-]*)$/;
const LABEL = /^([a-z0-9._-]{1,32}):(.{1,64})$/;
const ID_MAX = 128;
const VALUE_MAX = 64;
/** So many of each kind: the list must be read at a glance. */
const PARTS_MAX = 5;

export interface Known {
  workflowIds: ReadonlySet<string>;
  labelNames: readonly string[];
  /** As `name:value`. */
  labels: ReadonlySet<string>;
  assignees: ReadonlySet<string>;
}

function label(name: string, value: string, isSeen: boolean): Suggestion {
  return { id: `label ${name}:${value}`, kind: "label", name, value, isSeen };
}

function labelOf(written: string, isSeen: boolean): Suggestion {
  const colon = written.indexOf(":");
  return label(written.slice(0, colon), written.slice(colon + 1), isSeen);
}

/** What has the text as a part; what begins with it or is it comes first. */
function parts(all: Iterable<string>, asked: string, textOf: (each: string) => string = (each) => each): string[] {
  const wanted = asked.toLowerCase();
  const rank = (each: string) => {
    const text = textOf(each).toLowerCase();
    return text === wanted || each.toLowerCase() === wanted ? 0 : text.startsWith(wanted) ? 1 : 2;
  };
  const found = [...all].filter((each) => each.toLowerCase().includes(wanted));
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, PARTS_MAX);
}

/** The likeliest first: what was seen in this session, then what is possible. */
export function suggestions(text: string, known: Known): Suggestion[] {
  const asked = text.trim();
  if (asked === "") return [];
  const seen: Suggestion[] = [
    ...parts(known.assignees, asked).map((assignee): Suggestion => ({ id: `assignee ${assignee}`, kind: "assignee", assignee, isSeen: true })),
    ...parts(known.workflowIds, asked).map((workflowId): Suggestion => ({ id: `workflow ${workflowId}`, kind: "workflow", workflowId, isSeen: true })),
    ...parts(known.labels, asked, (each) => each.slice(each.indexOf(":") + 1)).map((each) => labelOf(each, true)),
  ];
  const exact: Suggestion[] = [];
  if (LABEL.test(asked)) exact.push(labelOf(asked, false));
  if (asked.length <= VALUE_MAX) exact.push(...known.labelNames.map((name) => label(name, asked, false)));
  if (asked.length <= ID_MAX && WORKFLOW_ID.test(asked)) exact.push({ id: `workflow ${asked}`, kind: "workflow", workflowId: asked, isSeen: false });
  const isWhole = (each: Suggestion) => [`assignee ${asked}`, `workflow ${asked}`, `label ${asked}`].includes(each.id);
  const all = [...seen.filter(isWhole), ...seen.filter((each) => !isWhole(each)), ...exact];
  return all.filter((each, index) => all.findIndex(({ id }) => id === each.id) === index);
}

/** Where Enter leads without a choice: to what was seen, or to a label that was written whole; to nothing unseen. */
export function atOnce(found: readonly Suggestion[], text: string): Suggestion | undefined {
  const [first] = found;
  return first?.isSeen === true || first?.id === `label ${text.trim()}` ? first : undefined;
}

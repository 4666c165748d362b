/** People whom this session has seen: the API lists no persons. */

const NAMES = ["requested_by", "created_by", "assignee", "by", "principal"];
const DEPTH_MAX = 6;

/** Every user id in these answers, in order. */
export function peopleOf(answers: readonly unknown[]): string[] {
  const found = new Set<string>();
  const look = (value: unknown, depth: number) => {
    if (typeof value !== "object" || value === null || depth > DEPTH_MAX) return;
    for (const [name, inner] of Object.entries(value)) {
      // The data of the laboratory may use the same names for something else.
      if (name === "metadata") continue;
      if (typeof inner === "string") {
        if (NAMES.includes(name) && inner !== "") found.add(inner);
      } else look(inner, depth + 1);
    }
  };
  answers.forEach((each) => look(each, 0));
  return [...found].sort((a, b) => a.localeCompare(b));
}

// What a user writes against the generated types: it must compile, and each union must narrow by one member.
import type { components, paths } from "./api";

type Schemas = components["schemas"];
type Move = paths["/workflows/{workflow_id}/transitions"]["post"];
type Moved = Move["responses"][200]["content"]["application/json"];
type Conflict = Move["responses"][409]["content"]["application/problem+json"];
type Unauthorized = Move["responses"][401]["content"]["application/json"];

export const creation: Schemas["WorkflowCreate"] = {
  workflow_type: "sample-analysis",
  metadata: { sample_id: "S-1", results: { sodium: 141 } },
  labels: { sample: "S-1", "rack.7": "b" },
  due_at: "2026-11-25T16:00:00.000Z",
  assignee: "bob",
  replaces: "sample-2026-0041",
};

export function found(workflow: Schemas["WorkflowState"]): string {
  return `${workflow.labels?.["sample"] ?? "no sample"}, ${workflow.due_at ?? "not due"}, ${workflow.assignee ?? "free"}`;
}

export function may(caller: Schemas["Caller"], action: string): boolean {
  return caller.permitted_actions.some((permitted) => permitted === action);
}

export function sample(entry: Schemas["HistoryEntry"]): unknown {
  switch (entry.event_type) {
    case "WorkflowTransitionRefused":
      return entry.code;
    case "WorkflowQuarantined":
      return entry.found_by;
    case "WorkflowReleased":
      return entry.reason;
    case "WorkflowOverdue":
      return entry.due_at;
    case "RecoveryAttempt":
      return entry.status;
    case "UnreadableEntry":
      return entry.content;
    default:
      return entry.metadata["sample_id"];
  }
}

export function version(answer: Moved): number {
  return answer.outcome === "moved" ? answer.event.version : answer.workflow.version;
}

export function options(problem: Conflict): string {
  return problem.code === "version-conflict" ? `now at ${problem.version}` : problem.allowed_transitions.join();
}

export function told(answer: Unauthorized): string {
  return answer.message;
}

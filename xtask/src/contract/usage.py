"""Uses what was generated in Python: every module imports, and what the contract shows keeps its members.

Arguments: openapi.yaml, and the folder that holds `api_client` and `events`.
"""

import datetime
import importlib
import pkgutil
import sys

import yaml

contract, folder = sys.argv[1:]
sys.path.insert(0, folder)
for name in ["api_client", "events"]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(module.name)

with open(contract, encoding="utf-8") as file:
    document = yaml.safe_load(file)


def example(path, method, status):
    return document["paths"][path][method]["responses"][status]["content"]["application/json"]["example"]


history = example("/workflows/{workflow_id}/history", "get", "200")
from api_client.models import GatewayError, HistoryPage, Overdue, Quarantine, RecoveryAttempt, Refusal, Release, TransitionResult
from api_client.models import UnauthenticatedProblem, WorkflowEvent

page = HistoryPage.from_dict(history)
kinds = [type(item) for item in page.items]
assert kinds == [WorkflowEvent, WorkflowEvent, Refusal, RecoveryAttempt, Quarantine, Release, Overdue, WorkflowEvent], kinds
for item, shown in zip(page.items[:2], history["items"]):
    assert item.metadata.to_dict() == shown["metadata"], item
    assert item.labels.to_dict() == shown["labels"], item
    due = datetime.datetime.fromisoformat(shown["due_at"].replace("Z", "+00:00"))
    assert (item.due_at, item.assignee) == (due, shown["assignee"]), item

# A creation with labels is sent as it was written, and what the service answers is read back.
from api_client.models import Caller, WorkflowCreate, WorkflowState

create = document["paths"]["/workflows"]["post"]
sent = create["requestBody"]["content"]["application/json"]["example"]
creation = WorkflowCreate.from_dict(sent)
assert creation.labels["sample"] == "S-2026-0042" and creation.to_dict().keys() == sent.keys(), creation
assert creation.to_dict()["labels"] == sent["labels"], creation
created = WorkflowState.from_dict(example("/workflows", "post", "201"))
assert created.labels.to_dict() == sent["labels"] and created.assignee == sent["assignee"], created
assert created.due_at == creation.due_at, created
bare = WorkflowCreate(workflow_type="free-form").to_dict()
assert bare == {"workflow_type": "free-form"}, bare
caller = Caller.from_dict(example("/me", "get", "200"))
assert "createWorkflow" in caller.permitted_actions and caller.tenant_id == "default", caller

moved = TransitionResult.from_dict(example("/workflows/{workflow_id}/transitions", "post", "200"))
assert moved.workflow.metadata["sample_id"] == "S-2026-0042", moved

# Both forms of a 401: the gateway's, and a function's.
import httpx
from api_client import Client
from api_client.api.read import get_workflow_state

problem = document["components"]["responses"]["401.unauthenticated"]["content"]["application/problem+json"]["example"]
for body, kind in [({"message": "Unauthorized"}, GatewayError), (problem, UnauthenticatedProblem)]:
    answer = httpx.Response(401, json=body)
    parsed = get_workflow_state._parse_response(client=Client(base_url="http://here"), response=answer)
    assert isinstance(parsed, kind), parsed

# The events as a subscriber gets them, with a member that a later release may add.
for shown in history["items"]:
    if shown["event_type"] == "RecoveryAttempt":
        continue  # The log has it, and the bus does not.
    model = getattr(importlib.import_module(f"events.{shown['event_type']}"), shown["event_type"])
    parsed = model.model_validate(shown | {"added_later": True})
    kept = parsed.model_dump(mode="json")
    for member in ["metadata", "labels", "assignee"]:
        assert kept.get(member) == shown.get(member), (shown["event_type"], member, kept)

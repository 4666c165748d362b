"""What schemathesis is told beyond openapi.yaml.

Some rules no schema can state, and the contract states them in words. A request that breaks one of them may be refused
with 400, if the refusal names exactly such a rule. Everything else that the schema allows must be accepted.
"""

import re

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import positive_data_acceptance

IN_WORDS = [
    # A cursor is one that a page gave.
    re.compile(r"^the query parameter cursor must be the next_cursor of a page"),
    # Numbers come back as they were sent, or are refused.
    re.compile(r"would lose digits|has more digits than a double holds|is outside the range of a double"),
    # How far the events are published is not in the request.
    re.compile(r"^must be at most \d+: the workflow is at version|none of its events is published yet"),
    # Control characters, and characters that a reader does not see or that show something else.
    re.compile(r"without control characters|has only invisible characters|has a character that is invisible"),
    # The version in the body is that of the header.
    re.compile(r"is not a version that the header if-match names"),
    # What a body says again of path and token is what they say.
    re.compile(r"differs from the (path|token)"),
    # A plus in a query may be meant either way; the tester writes a space so.
    re.compile(r"contains a `\+`, which is ambiguous"),
    # A failure belongs to a move to FAILED.
    re.compile(r"is required when target_state is FAILED|is only for target_state FAILED"),
    # An instant that the service could not return as the same one; schemas know no bounds of instants.
    re.compile(r"^must not be finer than a millisecond|^must not be a leap second|^must be an RFC 3339 instant"),
    # Words for no value are no principal, and the service's own principals do no work.
    re.compile(r"^must be a name, not a word for no value|^is a name of the service itself"),
    # A workflow does not replace itself.
    re.compile(r"must name another workflow than workflow_id"),
    # A batch names each workflow once, and each of its transitions has a reason: its own, or that of all.
    re.compile(r"^is also in /transitions/\d+; name each workflow once"),
    re.compile(r"^is required, here or as /reason for all"),
    # Which filters and orders go together, and that a span has bounds and runs forwards.
    re.compile(r"^the query parameter order must be created, or absent, with label or quarantined"),
    re.compile(r"^the query parameter label must name each label only once"),
    re.compile(r"^the query parameter to must (not be before from|be at most \d+ days after from)"),
    # A period that is reviewed has a length and is over.
    re.compile(r"^must be after from$|^must not be after \S+: later entries may still come"),
    # Depth, and names that begin with a reserved prefix.
    re.compile(r"is nested too deep; use fewer levels|has a reserved name"),
]


def said_in_words(response, case) -> bool:
    if response.status_code != 400:
        return False
    faults = response.json().get("errors", [])
    return bool(faults) and all(is_in_words(fault["message"], case) for fault in faults)


def is_in_words(message, case) -> bool:
    # The tester fills in a bare digit where a header has a pattern with quotation marks.
    if "if-match" in message and not re.fullmatch(r'"[1-9][0-9]{0,9}"', str((case.headers or {}).get("If-Match"))):
        return True
    # An export is of a workflow or of a period: the members of the other one are unknown, and its own are required.
    if case.operation.path == "/exports" and isinstance(case.body, dict):
        expected = "is not a known field" if "workflow_id" in case.body else "is required"
        if message.startswith(expected):
            return True
    return any(rule.search(message) for rule in IN_WORDS)


@schemathesis.check
def accepted_or_refused_in_words(ctx, response, case):
    try:
        return positive_data_acceptance(ctx, response, case)
    except Failure:
        if said_in_words(response, case):
            return None
        raise

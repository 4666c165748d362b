"""Checks the golden items without any code of this project: `python3 shared/dynamodb/tests/golden/check.py`.

It needs the standard library only. It computes each hash and each digest anew, in keys and elsewhere, from what the
items hold, as the documentation of `chain.rs`, `idempotency.rs` and `item.rs` describes it. No test runs it: it was run
when the items were committed, and whoever adds an item runs it again.
"""

import base64
import hashlib
import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent / "format-1"
ITEMS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def canonical(value):
    """RFC 8785, as far as these items need it."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value).replace("e-0", "e-")
    return json.dumps(value, ensure_ascii=False)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def with_length(data):
    return struct.pack(">Q", len(data)) + data


def digest(*parts):
    return sha256(b"".join(with_length(part.encode()) for part in parts))


def plain(value):
    """A value of DynamoDB's JSON as ordinary JSON."""
    ((kind, inner),) = value.items()
    if kind == "M":
        return {name: plain(member) for name, member in inner.items()}
    if kind == "L":
        return [plain(member) for member in inner]
    return {"N": lambda: int(inner), "NULL": lambda: None}.get(kind, lambda: inner)()


def item_bytes(item):
    members = sorted(item.items(), key=lambda member: member[0].encode())
    return struct.pack(">Q", len(members)) + b"".join(
        with_length(name.encode()) + value_bytes(value) for name, value in members
    )


def value_bytes(value):
    ((kind, inner),) = value.items()
    if kind == "M":
        return with_length(b"M") + item_bytes(inner)
    if kind == "L":
        return with_length(b"L") + struct.pack(">Q", len(inner)) + b"".join(map(value_bytes, inner))
    texts = {
        "S": lambda: [inner.encode()],
        "N": lambda: [inner.encode()],
        "B": lambda: [base64.b64decode(inner)],
        "BOOL": lambda: [b"true" if inner else b"false"],
        "NULL": lambda: [],
        "SS": lambda: [text.encode() for text in inner],
        "NS": lambda: [text.encode() for text in inner],
        "BS": lambda: [base64.b64decode(text) for text in inner],
    }[kind]()
    texts = sorted(set(texts))
    return with_length(kind.encode()) + struct.pack(">Q", len(texts)) + b"".join(map(with_length, texts))


def equal(name, what, found, expected):
    print(f"{'ok  ' if found == expected else 'BAD '} {name}: {what} {expected}")
    if found != expected:
        raise SystemExit(f"{name}: {what} is {found}")


def check_version(name, item):
    members = {key: plain(value) for key, value in item.items()}
    metadata, context = members["metadata"], members.get("validation_context")
    not_shown = ["pk", "entry", "format", "activity_day", "activity_key", "hash", "accepted", "unchained_hash"]
    shown = {key: value for key, value in members.items() if key not in not_shown}
    shown["metadata"] = json.loads(metadata)
    if context is not None:
        shown["validation_context"] = json.loads(context)
    equal(name, "hash", members["hash"], sha256(canonical(shown).encode()))
    accepted = [{key: request[key] for key in ("key", "request", "version")} for request in members["accepted"]]
    vouched = json.dumps([members["hash"], metadata, context, accepted], separators=(",", ":"), ensure_ascii=False)
    equal(name, "unchained_hash", members["unchained_hash"], sha256(vouched.encode()))
    equal(name, "entry", members["entry"], f"v#{members['version']:010}")


def check_quarantine(name, item):
    members = {key: plain(value) for key, value in item.items()}
    published = [members["published_hash"]] if "published_hash" in members else []
    half = digest(members["fault"], members["content"], *published)[:32]
    kind = "released" if members["event_type"] == "WorkflowReleased" else "quarantined"
    beside = f"#beside#{members['beside']}" if "beside" in members else ""
    equal(name, "entry", members["entry"], f"q#{members['broken_at_version']:010}-{half}#{kind}{beside}")


def check_kept(name, item):
    """The hash of what is kept beside the versions: of the canonical JSON of it as it is shown."""
    members = {key: plain(value) for key, value in item.items()}
    not_shown = ["pk", "entry", "format", "activity_day", "activity_key", "hash", "request"]
    shown = {key: value for key, value in members.items() if key not in not_shown}
    equal(name, "hash", members["hash"], sha256(canonical(shown).encode()))


def check_place(name, item):
    """The place in the activity, which every entry of the log has."""
    at = next(plain(item[member]) for member in ["timestamp", "claimed_at", "ended_at"] if member in item)
    audited = plain(item["pk"]).startswith("#audit#")
    tenant, workflow = [plain(item["pk"])[len("#audit#"):], ""] if audited else plain(item["pk"]).split("#")
    shard = int(digest("activity-shard", plain(item["event_id"]) if audited else workflow)[:2], 16) % 4
    equal(name, "activity_day", plain(item["activity_day"]), f"{tenant}#{at[:10]}#{shard}")
    equal(name, "activity_key", plain(item["activity_key"]), f"{at}#{workflow}#{plain(item['entry'])}")


def main():
    for name, item in ITEMS.items():
        if "entry" in item and not name.startswith("unreadable-"):
            check_place(name, item)

    versions = ["version-created", "version-active", "version-moved", "version-resumed"]
    for name in versions:
        check_version(name, ITEMS[name])
    before = dict(zip(versions[1:], versions))
    for name in ["version-amended", "version-signed"]:
        check_version(name, ITEMS[name])
    before["version-signed"] = "version-amended"
    for name, previous in before.items():
        equal(name, "previous_hash", plain(ITEMS[name]["previous_hash"]), plain(ITEMS[previous]["hash"]))
    for name in ["quarantined", "released", "quarantined-beside", "released-beside", "quarantined-replaced", "released-replaced"]:
        check_quarantine(name, ITEMS[name])
    kept = ["refusal", "claim", "outcome", "overdue", "records-exported", "audit-trail-reviewed"]
    kept += [f"{kind}{which}" for kind in ["quarantined", "released"] for which in ["", "-beside", "-replaced"]]
    for name in kept:
        check_kept(name, ITEMS[name])
    review = ITEMS["audit-trail-reviewed"]
    equal("audit-trail-reviewed", "entry", plain(review["entry"]), f"e#k#{plain(review['request'])['key']}")
    equal("audit-trail-reviewed", "request", plain(review["request"])["request"], digest(canonical("what"))[:32])
    equal("audit-trail-reviewed", "key", plain(review["request"])["key"], digest("audrey", "k-1")[:32])
    before, keys = ITEMS["version-created"], ["pk", "entry"]
    for after, half in [(ITEMS["version-active"], "6600f0926e6582f7dabd3137ef2507ea"), ({}, "9b3926abf27e12dafc6f895201c9aebd")]:
        parts = {"keys": {key: before[key] for key in keys}, "before": before, "after": after}
        record = {name: {"M": part} for name, part in parts.items()} | {"sequence_number": {"S": "1"}}
        equal("version-created", "change", digest("changed", sha256(item_bytes(record)))[:32], half)
    unreadable = {name: sha256(item_bytes(item)) for name, item in ITEMS.items() if name.startswith("unreadable-")}
    equal("quarantined", "content", plain(ITEMS["quarantined"]["content"]), unreadable["unreadable-version"])
    resumes = plain(ITEMS["version-resumed"]["resumes"])
    equal("version-resumed", "passed_over", resumes["passed_over"], unreadable["unreadable-version"])
    for name, beside in [("quarantined-beside", "quarantine"), ("released-beside", "release")]:
        equal(name, "beside", plain(ITEMS[name]["beside"]), unreadable[f"unreadable-{beside}"])
    equal("overdue", "entry", plain(ITEMS["overdue"]["entry"]), f"d#{plain(ITEMS['overdue']['due_at'])}")
    half = digest("golden-lab", "w:1")[:32]
    for name in ["claim", "outcome"]:
        equal(name, "recovery_id", plain(ITEMS[name]["recovery_id"]), f"{half}-v3-a2")
        equal(name, "entry", plain(ITEMS[name]["entry"]), f"a#{3:010}#{2:010}#{name}")
    first, second = plain(ITEMS["version-moved"]["accepted"])
    for request, by, key, version in [(first, "bob", "k-1", 2), (second, "Jörg | lab 2", "k-2", 3)]:
        equal("accepted", "key", request["key"], digest(by, key)[:32])
        equal("accepted", "request", request["request"], digest(canonical(["what", version]))[:32])
    entry = ITEMS["index-entry"]
    equal("index-entry", "head_hash", plain(entry["head_hash"]), plain(ITEMS["version-resumed"]["hash"]))
    label = ITEMS["index-entry-labelled"]
    ((name, value),) = plain(label["labels"]).items()
    for hint, term in [("label-hint", f"#label#{name}:{value}"), ("quarantine-hint", "#quarantined")]:
        equal(hint, "pk", plain(ITEMS[hint]["pk"]), f"#term#{plain(label['pk'])}{term}")
        equal(hint, "term", plain(ITEMS[hint]["term"]), f"{plain(label['tenant_id'])}{term}")
        equal(hint, "created_key", plain(ITEMS[hint]["created_key"]), plain(label["created_key"]))
    print("all is as it should be")


if __name__ == "__main__":
    main()

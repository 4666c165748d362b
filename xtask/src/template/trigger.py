"""Runs the code of the user pool's trigger, as the template has it, with events as Cognito sends them."""

import copy
import json
import pathlib
import sys

from cfnlint.decode import cfn_yaml


def code(template: pathlib.Path) -> str:
    resources = cfn_yaml.load(str(template))["Resources"]
    pool, function = resources["UserPool"]["Properties"], resources["PreTokenFunction"]["Properties"]
    # Only version 2 of the event reaches access tokens, and only in these feature plans.
    assert pool["LambdaConfig"]["PreTokenGenerationConfig"]["LambdaVersion"] == "V2_0"
    assert pool["UserPoolTier"] == {"Ref": "UserPoolTier"}
    # A person who may write the tenant chooses whose workflows to see.
    assert "custom:tenant_id" not in resources["Client"]["Properties"]["WriteAttributes"]
    assert function["Handler"] == "index.handler"
    return str(function["Code"]["ZipFile"])


def main(template: pathlib.Path, sample: pathlib.Path) -> None:
    names: dict = {}
    exec(compile(code(template), "index.py", "exec"), names)  # noqa: S102 (the template's own code)
    event = json.loads(sample.read_text())

    def overridden(change) -> dict:
        changed = copy.deepcopy(event)
        change(changed["request"])
        answer = names["handler"](changed, None)
        # Cognito takes the event back, with an answer in it that is JSON.
        assert json.loads(json.dumps(answer))["request"] == changed["request"]
        return answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]

    member = overridden(lambda request: None)
    assert member == {"claimsToAddOrOverride": {"tenant_id": "lab-1"}, "scopesToAdd": ["alims/use"]}, member
    for groups in ([], None, ["finance"], ["former alims:viewer"]):
        stranger = overridden(lambda request: request["groupConfiguration"].update(groupsToOverride=groups))
        assert stranger["scopesToAdd"] == [], (groups, stranger)
    for tenant in (None, "", " "):
        def change(request, tenant=tenant):
            request["userAttributes"].pop("custom:tenant_id")
            if tenant is not None:
                request["userAttributes"]["custom:tenant_id"] = tenant

        try:
            overridden(change)
        except ValueError:
            continue
        raise AssertionError(f"a person of the tenant {tenant!r} gets a token")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))

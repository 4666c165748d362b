"""Writes the template as CloudFormation gets it from SAM, for each way to deploy, into a folder."""

import json
import logging
import os
import sys

# The translator asks for a region; the result is the same in any.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
logging.disable(logging.ERROR)

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


def translated(path, parameters):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        # What `sam package` uploads.
        for name in ("CodeUri", "ContentUri"):
            if name in properties:
                properties[name] = "s3://bucket/key"
        if "DefinitionUri" in properties:
            properties["DefinitionUri"] = {"Bucket": "bucket", "Key": "key"}
    defaults = {name: value["Default"] for name, value in template["Parameters"].items() if "Default" in value}
    result = transform(template, defaults | parameters, NoManagedPolicies())
    for name, value in parameters.items():
        result["Parameters"][name]["Default"] = value
    return result


path, folder = sys.argv[1:]
for deployment in ("off", "Canary10Percent5Minutes"):
    result = translated(path, {"GradualDeployment": deployment})
    with open(os.path.join(folder, f"{deployment}.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1, default=str)

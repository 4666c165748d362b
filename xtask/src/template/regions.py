"""Prints the regions of which cfn-lint knows what they have, a line, and those for which it takes another's list."""

from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

STAND_IN = "us-east-1"

types = {region: set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region)) for region in REGIONS}
known = [region for region in REGIONS if region == STAND_IN or types[region] != types[STAND_IN]]
print(*known)
print(*(region for region in REGIONS if region not in known))

"""Checks the commands that pages and the smoke test show: the tools know each command with its options, and the
templates have each parameter and output that is named. Nothing is run."""

import importlib
import pathlib
import re
import subprocess
import sys

from awscli.clidriver import create_clidriver
from cfnlint.decode import cfn_yaml

PAGES = ["docs/deployment.md", "docs/operations.md"]
STEPS = "admin/src/smoke/steps.rs"
# Only version 2 has these, and PyPI only version 1.
ONLY_IN_VERSION_2 = {("logs", "tail")}
OPTIONS_OF_VERSION_2 = {"--cli-binary-format"}


def shell(page: str) -> list[str]:
    """The blocks that a reader pastes."""
    return re.findall(r"^```bash\n(.*?)^```", page, re.S | re.M)


def looks(source: str) -> list[str]:
    """The commands that the smoke test names, as Rust's compiler reads them."""
    texts = re.findall(r'look: "((?:[^"\\]|\\.)*)"', source, re.S)
    return [re.sub(r"\\(.)", r"\1", re.sub(r"\\\n\s*", "", text)) for text in texts]


def calls(script: str, program: str):
    """Each call of a program: its words up to the first option, and its options; what is quoted is none."""
    script = re.sub(r"\\\n\s*", " ", script)
    script = "\n".join(line.split(" # ")[0] for line in script.split("\n") if not line.startswith("#"))
    for found in re.finditer(rf"(?<![\w./~-]){program} (?=[a-z])", script):
        quote, depth, plain = "", 0, ""
        for char in script[found.end() :]:
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
                if depth < 0:
                    break
            elif depth == 0 and char in "|;&\n":
                break
            elif depth == 0:
                plain += char
        words = plain.split()
        named = [word for word in words if re.fullmatch(r"[a-z][a-z0-9-]*", word)]
        yield named, {word.split("=")[0] for word in words if word.startswith("--")}


def check_aws(place: str, script: str, complain) -> int:
    driver, count = create_clidriver(), 0
    services, everywhere = driver._get_command_table(), {f"--{name}" for name in driver._get_argument_table()}
    for named, options in calls(script, "aws"):
        count += 1
        if tuple(named[:2]) in ONLY_IN_VERSION_2:
            continue
        try:
            table = services[named[0]]
            for depth, word in enumerate(named[1:], 1):
                deeper = table._get_command_table() if hasattr(table, "_get_command_table") else {}
                deeper = deeper or getattr(table, "subcommand_table", {})
                if not deeper or (depth > 1 and word not in deeper):
                    # What follows is an operand, or an option's value.
                    break
                table = deeper[word]
            known = {f"--{name}" for name in table.arg_table}
            known |= {f"--no-{name[2:]}" for name in known}
        except KeyError as error:
            complain(f"{place}: aws {' '.join(named)}: there is no {error}")
            continue
        for option in options - known - everywhere - OPTIONS_OF_VERSION_2:
            complain(f"{place}: aws {' '.join(named)} has no {option}")
    return count


def check_sam(place: str, script: str, complain) -> None:
    for named, options in calls(script, "sam"):
        try:
            command = importlib.import_module(f"samcli.commands.{named[0]}").cli
        except ModuleNotFoundError:
            complain(f"{place}: there is no sam {named[0]}")
            continue
        known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
        for option in options - known:
            complain(f"{place}: sam {named[0]} has no {option}")


def expanded(script: str) -> str:
    """What a shell expands: without comments and without what stands in single quotes."""
    plain, quotes, before, comment = "", [""], "\n", False
    for char in script:
        quote = quotes[-1]
        if comment:
            comment = char != "\n"
        elif quote == "'":
            quotes[-1] = "" if char == "'" else quote
        elif char == "'" and not quote:
            quotes[-1] = "'"
        elif char == '"':
            quotes[-1] = "" if quote else char
        elif char == "(" and before == "$":
            quotes.append("")
        elif char == ")" and not quote and len(quotes) > 1:
            quotes.pop()
        elif char == "#" and not quote and before.isspace():
            comment = True
        if not comment and quote != "'" and quotes[-1] != "'":
            plain += char
        before = char
    return plain


SETS = re.compile(
    r"""(?:^|[\s;({&|])([A-Za-z_]\w*)=|\bread\s+(?:-\w+\s+)*((?:[A-Za-z_]\w*[ \t]*)+)|\bfor\s+([A-Za-z_]\w*)\s+in\b""", re.M
)
# The file that the first page makes, with which each terminal begins.
ENVIRONMENT = "cat > ~/.alims-env <<'END'"
# What every terminal has, and what the pages tell to export.
GIVEN = {"HOME", "PATH"}


def set_by(script: str) -> set[str]:
    found = SETS.finditer(expanded(script))
    return {name for match in found for names in match.groups() if names for name in names.split()}


def check_variables(pages: dict[str, list[str]], complain) -> None:
    """Each variable and each function of a block is set by a block before it on its page, or by the common file."""
    environment = next(block for block in pages[PAGES[0]] if ENVIRONMENT in block)
    for page, blocks in pages.items():
        known, functions = GIVEN | set_by(environment), {}
        if page != PAGES[0]:
            known |= {name for block in pages[PAGES[0]] for name in set_by(block) if name.startswith("ALIMS_")}
        for block in blocks:
            text = expanded(block)
            known |= set_by(block)
            for name in set(re.findall(r"\$\{?([A-Za-z_]\w*)", text)) - known:
                complain(f"{page}: ${name} is set by no block before: {block.splitlines()[0]}")
            for name, body in re.findall(r"^(\w+)\(\) \{(.*?)\}$", block, re.S | re.M):
                if functions.setdefault(name, body) != body:
                    complain(f"{page}: two functions are called {name}")
        assert len(known) > 10 and functions, f"{page}: this would see nothing"


def main(root: pathlib.Path) -> None:
    complaints: list[str] = []
    service, pool = (cfn_yaml.load(str(root / name)) for name in ("template.yaml", "deployment/cognito.yaml"))
    parameters = set(service["Parameters"])
    scripts = [(page, block) for page in PAGES for block in shell((root / page).read_text())]
    scripts += [(STEPS, look) for look in looks((root / STEPS).read_text())]
    check_variables({page: shell((root / page).read_text()) for page in PAGES}, complaints.append)
    of_aws = 0
    pasted = "\n".join(script for place, script in scripts if place == PAGES[0])
    # One way: it checks what the layers ship, and takes the parameters from samconfig.toml.
    assert "cargo xtask deploy --config-env prod" in pasted, f"{PAGES[0]} does not deploy"
    complaints += [f"{PAGES[0]}: sam {' '.join(named)}: deploy by cargo xtask deploy" for named, _ in calls(pasted, "sam")]
    for place, script in scripts:
        syntax = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        if syntax.returncode != 0:
            complaints.append(f"{place}: {syntax.stderr.strip()}")
        of_aws += check_aws(place, script, complaints.append)
        check_sam(place, script, complaints.append)
        for given in re.findall(r"--parameter-overrides((?:\\\n|[^\n])*)", script):
            names = set(re.findall(r"(?<![\w$])([A-Z]\w+)=", given))
            known = set(pool["Parameters"]) if "deployment/cognito.yaml" in script else parameters
            complaints += [f"{place}: the template has no parameter {name}" for name in names - known]
        outputs = set(re.findall(r"""(?:OutputKey=='|\boutput |\bpeek )([A-Z]\w+)""", script))
        complaints += [f"{place}: the template has no output {name}" for name in outputs - set(service["Outputs"])]
        callers = set(re.findall(r"\bcallers ([A-Z]\w+)", script))
        complaints += [f"{place}: the user pool has no output {name}" for name in callers - set(pool["Outputs"])]
    assert of_aws > 50 and len(scripts) > 30, f"{of_aws} commands: this would see nothing"
    assert not complaints, "\n".join(complaints)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

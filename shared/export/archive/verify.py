#!/usr/bin/env python3
"""Checks an export of records: the signature, every file, every record and every chain.

Usage: python3 verify.py [FOLDER] [--key KEY.pem]
FOLDER is the unpacked archive, by default the folder of this program. KEY.pem is the laboratory's key; without it the
key in the archive is used, which says nothing of who owns it.
Exit code 0: sound. 1: altered, missing or extra. 2: it could not be checked.
"""
import os
import sys

# A file beside this program, such as json.py, must not run in the place of Python's own.
if sys.path and sys.path[0] in ("", os.path.dirname(os.path.abspath(__file__))):
    sys.path.pop(0)

import hashlib
import json
import shutil
import subprocess

SIGNED = ("manifest.json", "manifest.sig")
ZEROS = bytes(32)
SHOWN_MAX = 100
INTEGER_MAX = 2 ** 53 - 1
broken = []


def say(text):
    """Prints a line. An altered file must not send control characters to a terminal."""
    print("".join(letter if letter.isprintable() else "?" for letter in text))


def complain(text):
    broken.append(text)
    if len(broken) <= SHOWN_MAX:
        say("BROKEN  " + text)


def number(value):
    """A number as RFC 8785 writes it."""
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "0"
    if value == int(value) and abs(value) < 1e21:
        return str(int(value)) if abs(value) < 1e15 else shortest(value)
    return shortest(value)


def shortest(value):
    sign, text = ("-", repr(-value)) if value < 0 else ("", repr(value))
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len((whole + fraction).lstrip("0")))
    digits = digits.rstrip("0") or "0"
    n, k = point, len(digits)
    if k <= n <= 21:
        text = digits + "0" * (n - k)
    elif 0 < n <= 21:
        text = digits[:n] + "." + digits[n:]
    elif -6 < n <= 0:
        text = "0." + "0" * -n + digits
    else:
        text = digits[0] + ("." + digits[1:] if k > 1 else "") + "e" + ("+" if n > 0 else "-") + str(abs(n - 1))
    return sign + text


def own_canonical(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(json.dumps(n, ensure_ascii=False) + ":" + own_canonical(value[n]) for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(own_canonical(item) for item in value) + "]"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return number(value)


try:
    import rfc8785

    def canonical(value):
        return rfc8785.dumps(value)
except ImportError:
    def canonical(value):
        return own_canonical(value).encode("utf-8")


def no_constant(name):
    raise ValueError("the number " + name)


def integer(text):
    """An integer of RFC 8785 is a double: a large one is no int in Python."""
    value = int(text)
    return value if abs(value) <= INTEGER_MAX else float(text)


def once(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member stands twice")
    return value


def parsed(data):
    return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=no_constant, parse_int=integer)


def digest(value):
    return hashlib.sha256(canonical(value)).hexdigest()


def of_file(path):
    hasher = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            hasher.update(block)
    return hasher.hexdigest(), os.path.getsize(path)


def check_signature(folder, key):
    """Whether the manifest is the signed one. None: openssl is not here."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    command = [openssl, "dgst", "-sha256", "-verify", key, "-signature"]
    command += [os.path.join(folder, "manifest.sig"), os.path.join(folder, "manifest.json")]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def is_key(path):
    """Whether openssl can read it as a public key; without openssl that is not known."""
    openssl = shutil.which("openssl")
    command = [openssl, "pkey", "-pubin", "-noout", "-in", path]
    return openssl is None or subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def check_files(folder, manifest):
    listed = {file["name"]: file for file in manifest["files"]}
    for name in sorted(os.listdir(folder)):
        if name not in listed and name not in SIGNED:
            complain("%s: the file does not belong to this export; if you put it here, remove it and check again" % name)
    for name, file in listed.items():
        if name != os.path.basename(name) or name in ("", ".", ".."):
            complain("manifest.json: it lists %s, which is no name of a file of an export" % name)
            continue
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            complain("%s: the file is missing" % name)
            continue
        sha256, size = of_file(path)
        if (sha256, size) != (file["sha256"], file["bytes"]):
            complain("%s: the file was altered: its SHA-256 is %s, and %s was signed" % (name, sha256, file["sha256"]))


def name_of(record):
    entry = record.get("entry", {})
    parts = [str(entry.get("event_type", "record"))]
    if "workflow_id" in record:
        parts.append("of workflow %s" % record["workflow_id"])
    if "version" in entry:
        parts.append("version %s" % entry["version"])
    if "event_id" in entry:
        parts.append("event %s" % entry["event_id"])
    return " ".join(parts)


def at_line(line):
    return "records.jsonl, line %d" % line


def check_record(line, record, chains):
    entry = record["entry"]
    name = "%s (%s)" % (at_line(line), name_of(record))
    if "hash" in entry:
        shown = {member: value for member, value in entry.items() if member != "hash"}
        if digest(shown) != entry["hash"]:
            complain("%s: the record was altered: it does not fit its hash" % name)
    elif entry.get("event_type") not in ("UnreadableEntry", "RecoveryAttempt"):
        complain("%s: the record has no hash" % name)
    for part in ("request", "outcome"):
        if part in record and digest(record[part]) != entry.get(part + "_hash"):
            complain("%s: the %s of the recovery was altered: it does not fit its hash" % (name, part))
    if "workflow_id" in record and "workflow_id" in entry and record["workflow_id"] != entry["workflow_id"]:
        complain("%s: the record names another workflow than its entry" % name)
    if "at" in record and "timestamp" in entry and record["at"] != entry["timestamp"]:
        complain("%s: the record names another time than its entry" % name)
    if "previous_hash" in entry:
        versions = chains.setdefault(record.get("workflow_id"), {})
        if entry["version"] in versions:
            complain("%s: the version stands twice" % name)
        resumes = entry.get("resumes", {}).get("from_version")
        hashes = bytes.fromhex(entry["hash"]), bytes.fromhex(entry["previous_hash"])
        versions[entry["version"]] = (line,) + hashes + (resumes,)
    elif entry.get("event_type") == "UnreadableEntry":
        if entry.get("entry") == "version":
            chains.setdefault(record.get("workflow_id"), {}).setdefault(entry.get("version"), None)
        say("NOTE    %s: the service itself could not read this entry when it made the export" % name)


def check_chains(chains, manifest):
    whole = "workflow_id" in manifest["selection"]
    links = 0
    for workflow, versions in chains.items():
        for version in sorted(versions):
            if versions[version] is None:
                continue
            line, _, previous, resumes = versions[version]
            name = "%s (workflow %s version %s)" % (at_line(line), workflow, version)
            before = resumes or version - 1
            if before == 0:
                expected = ZEROS
            elif versions.get(before):
                expected = versions[before][1]
            elif whole and before not in versions:
                complain("%s: version %s, which comes before it, is missing" % (name, before))
                continue
            else:
                continue
            links += 1
            if previous != expected:
                complain("%s: the chain is broken: it does not continue version %s" % (name, before))
    for head in manifest["heads"]:
        last = chains.get(head["workflow_id"], {}).get(head["version"])
        if "hash" in head and (last is None or last[1].hex() != head["hash"]):
            complain("records.jsonl: the last version %s of workflow %s is missing or is another one"
                     % (head["version"], head["workflow_id"]))
    return links


def check_records(folder, manifest):
    path = os.path.join(folder, "records.jsonl")
    if not os.path.isfile(path):
        return 0, 0
    chains, workflows, entries = {}, set(), 0
    with open(path, "rb") as file:
        for line in file:
            entries += 1
            place = at_line(entries)
            try:
                record = parsed(line)
                if canonical(record) + b"\n" != line:
                    complain("%s (%s): the line is not as it was written" % (place, name_of(record)))
                if "workflow_id" in record:
                    workflows.add(record["workflow_id"])
                check_record(entries, record, chains)
            except Exception as error:
                complain("%s: the line is no record: %s" % (place, error))
    if entries != manifest["entries"]:
        complain("records.jsonl: %d records are here, and %d were exported" % (entries, manifest["entries"]))
    if len(workflows) != manifest["workflows"]:
        complain("records.jsonl: %d workflows are here, and %d were exported" % (len(workflows), manifest["workflows"]))
    return entries, check_chains(chains, manifest)


def announce(manifest):
    selection = ", ".join("%s %s" % (name.replace("_", " "), value) for name, value in manifest["selection"].items())
    say("Export    %s of the tenant %s" % (manifest["export_id"], manifest["tenant_id"]))
    say("Records   %s: %d entries" % (selection, manifest["entries"]))
    say("Made for  %s at %s" % (manifest["requested_by"], manifest["requested_at"]))


def main(arguments):
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    key, folder = None, os.path.dirname(os.path.abspath(__file__))
    while arguments:
        argument = arguments.pop(0)
        if argument in ("-h", "--help"):
            print(__doc__)
            return 0
        if argument == "--key" and arguments:
            key = arguments.pop(0)
        elif argument.startswith("-"):
            say("NOT CHECKED: unknown option %s; run: python3 verify.py --help" % argument)
            return 2
        else:
            folder = argument
    if not os.path.isdir(folder):
        say("NOT CHECKED: %s is no folder; unpack the archive, and name the folder in which its files are" % folder)
        return 2
    if key is not None and not os.path.isfile(key):
        say("NOT CHECKED: there is no file %s" % key)
        return 2
    if key is not None and not is_key(key):
        say("NOT CHECKED: %s is no public key (PEM)" % key)
        return 2
    for name in SIGNED:
        if not os.path.isfile(os.path.join(folder, name)):
            complain("%s: the file is missing" % name)
    signed, as_signed = None, False
    if not broken:
        used = key or os.path.join(folder, "public-key.pem")
        if not os.path.isfile(used):
            complain("%s: the file is missing" % os.path.basename(used))
        else:
            signed = check_signature(folder, used)
    if signed is False:
        complain("manifest.json, manifest.sig or the key: the signature does not fit the manifest")
    try:
        with open(os.path.join(folder, "manifest.json"), "rb") as file:
            data = file.read()
        manifest = parsed(data)
        if canonical(manifest) != data:
            complain("manifest.json: the file is not as it was written")
        if manifest["format"] != 1:
            say("NOT CHECKED: the export has format %s, and this program knows format 1" % manifest["format"])
            return 1 if broken else 2
        announce(manifest)
        check_files(folder, manifest)
        as_signed = signed and not broken
        entries, links = check_records(folder, manifest)
    except FileNotFoundError:
        entries = links = 0
    except Exception as error:
        complain("manifest.json: the file is no manifest: %s" % error)
        entries = links = 0
    if len(broken) > SHOWN_MAX:
        say("BROKEN  and %d more" % (len(broken) - SHOWN_MAX))
    if broken:
        if as_signed:
            say("BROKEN: the archive is as it was signed. The log was altered before the export was made. Problems: %d"
                % len(broken))
        else:
            say("BROKEN: this export is not as it was made. Problems: %d" % len(broken))
        return 1
    say("Checked   %d files, %d records of %d workflows, and %d links of their chains"
        % (len(manifest["files"]), entries, manifest["workflows"], links))
    if signed is None:
        say("NOT CHECKED: the signature, because the program openssl is not here. Everything else is sound.")
        return 2
    if key is None:
        say("Signature by the key in public-key.pem, which says nothing of its owner. README.txt says how to compare it")
        say("          with the laboratory's key.")
    else:
        say("Signature by the key in %s" % key)
    say("OK: this export is as it was made")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

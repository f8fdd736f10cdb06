"""Prints the `[wheels]` of `src/stack/python/era.toml` anew, from the release files of the index that pip uses.

For each package of the table, and each Python line, the first release from which on every release has a wheel that
fits Linux on x86-64. `python3 tests/oracle/era.py` prints all rows, with names behind it only those.
A row is written when it asks for more than the line before it; `none` says that no release fits.
"""

import concurrent.futures
import json
import re
import sys
import tomllib
import urllib.request
from pathlib import Path

from pip._internal.models.index import PyPI
from pip._vendor.packaging.specifiers import InvalidSpecifier, SpecifierSet
from pip._vendor.packaging.version import InvalidVersion, Version

TABLE = Path(__file__).parents[2] / "src/stack/python/era.toml"
LINES = [f"3.{minor}" for minor in range(7, 15)]


def fits(name, line):
    """Can a wheel of that name be installed on Linux with this line?"""
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    if platform != "any" and not ("manylinux" in platform and "x86_64" in platform):
        return False
    minor = int(line.split(".")[1])
    for tag in python.split("."):
        since = re.fullmatch(r"cp3(\d+)", tag)
        if tag in ("py3", f"cp3{minor}") or (since and abi == "abi3" and int(since[1]) <= minor):
            return True
    return False


def allows(file, line):
    """Does the release say that it works with this line? What cannot be read forbids nothing."""
    try:
        return f"{line}.20" in SpecifierSet(file.get("requires-python") or "")
    except InvalidSpecifier:
        return True


def releases(package):
    """File names and metadata by version, without pre-releases and what was taken back."""
    wanted = {"Accept": "application/vnd.pypi.simple.v1+json"}
    request = urllib.request.Request(f"{PyPI.simple_url}/{package}/", headers=wanted)
    found = {}
    with urllib.request.urlopen(request, timeout=60) as answer:
        for file in json.load(answer)["files"]:
            name = file["filename"]
            words = name.removesuffix(".whl").split("-")
            if not name.endswith(".whl") or file.get("yanked") or len(words) < 5:
                continue
            try:
                version = Version(words[1])
            except InvalidVersion:
                continue
            if not version.is_prerelease:
                found.setdefault(version, []).append(file)
    return found


def row(package):
    found = releases(package)
    native = [v for v, files in found.items() if any("linux" in file["filename"] for file in files)]
    if not native:
        return f"# {package} has no wheels for Linux"
    found = {v: files for v, files in found.items() if v >= min(native)}
    newest_first = sorted(found, reverse=True)
    cells, before = [], None
    for line in LINES:
        good = [v for v in newest_first if any(fits(f["filename"], line) and allows(f, line) for f in found[v])]
        if not good:
            # Before the first wheel of a line everything lacks; only after the last line that has some it matters.
            if before:
                cells.append(f'"{line}" = "none"')
                break
            continue
        # Newer releases give up older lines: what counts ends with the newest that fits. Two releases without a
        # wheel in between are a slip, more are a rule.
        first, missing = good[0], 0
        for version in newest_first[newest_first.index(good[0]) :]:
            missing = 0 if version in good else missing + 1
            if missing > 2:
                break
            first = version if version in good else first
        if first != before and (before or first > min(native)):
            cells.append(f'"{line}" = "{first}"')
        before = first
    return f"{package} = {{ {', '.join(cells)} }}" if cells else f"# {package} fits every line"


def main():
    packages = sys.argv[1:] or sorted(tomllib.loads(TABLE.read_text())["wheels"])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for line in pool.map(row, packages):
            print(line)


if __name__ == "__main__":
    main()

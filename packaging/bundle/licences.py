"""Collects the licence of everything the installed program is made of, and a list of the parts.

Three results: `THIRD-PARTY.md` (also shown in About), `licence-texts.txt`
(every package's own words) and `sbom.cdx.json` (CycloneDX 1.6, for the IT
department's scanners).
"""

import json
import re
import shutil
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from console import ROOT
from environment import LOCK, requirements

OWN_TEXTS = ROOT / "packaging" / "licences"
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)

# Packages whose metadata names no licence; read in the packages themselves.
_UNSTATED = {
    "sqlcipher3": "Zlib",
    "tokenizers": "Apache-2.0",
    "backports-tarfile": "MIT",
    "jaraco-classes": "MIT",
    "hidapi": "BSD-3-Clause",
    "wakepy": "MIT",
    "onnxruntime": "MIT",
    "flatbuffers": "Apache-2.0",
    "protobuf": "BSD-3-Clause",
}
# In the lock for other parts of a package that the bundle leaves out.
_LEFT_OUT = {"hf-xet"}

MODELS = (
    ("Whisper base, CTranslate2 int8/float16", "Systran/faster-whisper-base", "MIT"),
    ("Whisper tiny.en, CTranslate2", "Systran/faster-whisper-tiny.en", "MIT"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One package in the bundle."""

    name: str
    version: str
    licence: str
    homepage: str
    texts: tuple[str, ...]


def parts() -> list[Part]:
    """What the lock file's first part put into this environment."""
    lock = requirements(LOCK.read_text("utf-8"), tests=False)
    names = sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)) - _LEFT_OUT)
    return [_part(found) for name in names for found in _installed(name)]


def _installed(name: str) -> Iterator[Distribution]:
    try:
        yield distribution(name)
    except PackageNotFoundError:
        return  # for another system


def _part(found: Distribution) -> Part:
    name = re.sub(r"[-_.]+", "-", found.name).lower()
    files = [file for file in found.files or [] if _LICENCE_FILE.search(file.name)]
    texts = [
        file.read_text("utf-8")
        for file in files
        if ".dist-info" in str(file) and not file.name.endswith((".py", ".pyc", ".json"))
    ]
    return Part(name, found.version, _licence(name, found), _homepage(found), tuple(texts))


def _licence(name: str, found: Distribution) -> str:
    if name in _UNSTATED:
        return _UNSTATED[name]
    told = _field(found, "License-Expression") or _field(found, "License")
    first = told.strip().splitlines()[0] if told.strip() else ""
    return first or "see its text"


def _homepage(found: Distribution) -> str:
    page = _field(found, "Home-page")
    if page:
        return page
    links = found.metadata.get_all("Project-URL") or []
    return links[0].partition(",")[2].strip() if links else ""


def _field(found: Distribution, name: str) -> str:
    values = found.metadata.get_all(name) or [""]
    return str(values[0])


def collect(folder: Path, version: str) -> None:
    """Write the three results and the licence texts that the notices name into `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = parts()
    (folder / "THIRD-PARTY.md").write_text(_notices(found), "utf-8")
    (folder / "licence-texts.txt").write_text(_texts(found), "utf-8")
    (folder / "sbom.cdx.json").write_text(json.dumps(_sbom(found, version), indent=1), "utf-8")
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE.txt")
    for text in sorted(OWN_TEXTS.glob("*.txt")):
        shutil.copy(text, folder)


def _notices(found: list[Part]) -> str:
    opening = (OWN_TEXTS / "notice.md").read_text("utf-8")
    rows = [
        f"| {part.name} | {part.version} | {part.licence} | {part.homepage} |" for part in found
    ]
    rows += [f"| {name} | | {licence} | hub: {source} |" for name, source, licence in MODELS]
    rows.append(f"| Python | {sys.version.split()[0]} | PSF-2.0 | https://www.python.org |")
    table = "| part | version | licence | where from |\n|---|---|---|---|\n" + "\n".join(rows)
    return f"{opening.rstrip()}\n\n## Every part\n\n{table}\n"


def _texts(found: list[Part]) -> str:
    rule = "=" * 78
    return "\n".join(
        f"{rule}\n{part.name} {part.version} — {part.licence}\n{rule}\n{text}\n"
        for part in found
        for text in part.texts or ("(The package holds no text of its own; see THIRD-PARTY.md.)",)
    )


def _sbom(found: list[Part], version: str) -> dict[str, object]:
    components: list[dict[str, object]] = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{part.name}@{part.version}",
            "name": part.name,
            "version": part.version,
            "purl": f"pkg:pypi/{part.name}@{part.version}",
            "licenses": [{"license": {"name": part.licence}}],
        }
        for part in found
    ]
    components += _models() + _native(found)
    program = f"pkg:generic/scribe-desktop@{version}"
    # The same parts give the same number: two builds of one source compare equal.
    identity = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{identity}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": program,
                "name": "scribe-desktop",
                "version": version,
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": components,
    }


def _models() -> list[dict[str, object]]:
    from scribe_desktop.server.weights import weights_named

    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{name}/{file.name}",
            "name": f"{name}/{file.name}",
            "hashes": [{"alg": "SHA-256", "content": file.sha256}],
            "licenses": [{"license": {"id": "MIT"}}],
        }
        for name in ("base", "tiny.en")
        for file in weights_named(name).files
    ]


def _native(found: list[Part]) -> list[dict[str, object]]:
    """Libraries that wheels carry inside, where the wheel says so itself."""
    components: dict[str, dict[str, object]] = {}
    for part in found:
        for file in distribution(part.name).files or []:
            if "sboms" not in file.parts or not file.name.endswith(".json"):
                continue
            for inner in json.loads(file.read_text("utf-8")).get("components", []):
                reference = f"{part.name}/{inner['name']}@{inner.get('version', '')}"
                kept = ("type", "name", "version", "purl")
                entry = {key: inner[key] for key in kept if key in inner}
                components[reference] = {**entry, "bom-ref": reference}
    return [components[reference] for reference in sorted(components)]

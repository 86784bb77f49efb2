"""Compile every .po of the project that is newer than its .mo (no gettext tools needed)."""

import sys
from pathlib import Path

import polib

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "yunxin"


def compile_stale(package: Path) -> list[str]:
    """Compile what is stale.

    Returns:
        A sentence for each file that cannot be read.
    """
    complaints = []
    for source in sorted(package.glob("**/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
            continue
        try:
            polib.pofile(str(source)).save_as_mofile(str(target))
        except (OSError, UnicodeDecodeError) as error:
            complaints.append(f"{source}: {error}")
    return complaints


if __name__ == "__main__":
    found = compile_stale(PACKAGE)
    sys.exit("\n".join(found) or None)

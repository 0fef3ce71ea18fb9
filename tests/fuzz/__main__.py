"""``make fuzz``: each target for so many seconds, guided by what it covers (atheris); what fails is kept in the corpus.

New inputs stay in ``.cache/fuzz``, from where the next run goes on; with ``--keep``, small ones that reach what nothing
in the corpus reached join it. ``make test`` plays the corpus (tests/unit/fuzz).
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.fuzz.kept import CORPUS, TARGETS, target

ROOT = Path(__file__).parents[2]
FOUND = ROOT / ".cache" / "fuzz"
ATHERIS = ROOT / ".venv" / "fuzz"
LONGEST = 1_000  #: bytes of an input: what is found stays small, and so does the corpus
FAILED = 77  #: libFuzzer's exit code


def main() -> int:
    """Fuzzes; the exit code is 1 if an input failed."""
    parser = argparse.ArgumentParser(prog="make fuzz ARGS=…", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all of them")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="add to the corpus what reaches more than it")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    failed = [name for name in options.targets or TARGETS if not _fuzzed(name, options.seconds)]
    if options.keep:
        for name in options.targets or TARGETS:
            _keep(name)
    if failed:
        print(f"FAILED: {', '.join(failed)}. What they were given is in tests/fuzz/corpus: keep it, and mend the cause")
    return bool(failed)


def _fuzzed(name: str, seconds: int) -> bool:
    found, corpus = FOUND / name, CORPUS / name
    found.mkdir(parents=True, exist_ok=True)
    corpus.mkdir(parents=True, exist_ok=True)
    dictionary = FOUND / f"{name}.words"
    dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in target(name).WORDS))
    print(f"== {name}, {seconds} s", flush=True)
    options = [
        f"-max_total_time={seconds}",
        "-timeout=20",
        "-verbosity=0",
        "-print_final_stats=1",
        f"-dict={dictionary}",
        f"-artifact_prefix={corpus}/",
    ]
    return _run(name, *options, str(found), str(corpus)) == 0


def _keep(name: str) -> None:
    _run(name, "-merge=1", str(CORPUS / name), str(FOUND / name))


def _run(name: str, *options: str) -> int:
    command = [sys.executable, "-m", "tests.fuzz.guided", name, f"-max_len={LONGEST}", *options]
    return subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": f"{ATHERIS}:{ROOT}", "PATH": os.defpath}, check=False
    ).returncode


def _escaped(word: str) -> str:
    return "".join(chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\x{one:02x}" for one in word.encode())


if __name__ == "__main__":
    sys.exit(main())

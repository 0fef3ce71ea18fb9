"""Apache Kafka's jars, resolved once by Maven into a cache under XDG_CACHE_HOME and used from there.

As a program it resolves them and says nothing, so that no test's time goes into fetching.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from local.process import StartFailure

VERSION = "4.3.0"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>plugwatch</groupId><artifactId>kafka</artifactId><version>{VERSION}</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version>
    </dependency>
  </dependencies>
</project>
"""


def missing() -> str | None:
    """What this machine lacks to run Kafka, in words; None when nothing."""
    needed = ["java"] if jar_directory().is_dir() else ["java", "mvn"]
    if lacking := [program for program in needed if shutil.which(program) is None]:
        return f"Apache Kafka needs {' and '.join(lacking)} (Debian: apt install openjdk-17-jre-headless maven)"
    return None


def jar_directory() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "plugwatch" / f"kafka-{VERSION}"


def resolve() -> Path:
    """The directory of the jars, fetched at the first call; two callers at once fetch once. Raises StartFailure."""
    if lacking := missing():
        raise StartFailure(lacking)
    jars = jar_directory()
    jars.parent.mkdir(parents=True, exist_ok=True)
    with jars.with_name(f"{jars.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            _fetch(jars)
    return jars


def _fetch(jars: Path) -> None:
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix="kafka-") as work:
        (Path(work) / "pom.xml").write_text(POM)
        maven = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"]
        done = subprocess.run(maven, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise StartFailure(f"Maven could not fetch Apache Kafka {VERSION}:\n{done.stdout.strip()}")
        (Path(work) / "jars").rename(jars)


if __name__ == "__main__":
    try:
        resolve()
    except StartFailure as failure:
        sys.exit(str(failure))

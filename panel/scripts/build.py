"""Builds the panel with the packages that are there, and tells ninja what it was made of."""

import pathlib
import subprocess
import sys

node, source, dist, stamp, depfile = sys.argv[1:]
source = pathlib.Path(source)
done = subprocess.run(
    [node, "node_modules/vite/bin/vite.js", "build", "--outDir", dist, "--emptyOutDir", "--logLevel", "warn"],
    cwd=source, check=False)
if done.returncode:
    sys.exit(done.returncode)
parts = [p for folder in ("src", "public") for p in sorted((source / folder).rglob("*")) if p.is_file()]
parts += [source / name for name in ("index.html", "package-lock.json", "vite.config.ts", "tsconfig.json")]
pathlib.Path(depfile).write_text(
    f"{pathlib.Path(stamp).name}: " + " ".join(str(p).replace(" ", "\\ ") for p in parts) + "\n")
pathlib.Path(stamp).touch()

#!/usr/bin/env python3
"""Writes the files of a folder as a C table (src/admin/assets.h).

usage: embed_assets.py OUT.c DEPFILE [FOLDER]      without FOLDER: a table of nothing
"""
import gzip
import hashlib
import json
import pathlib
import sys

TYPES = {
    '.css': 'text/css; charset=utf-8', '.html': 'text/html; charset=utf-8', '.ico': 'image/x-icon',
    '.js': 'text/javascript; charset=utf-8', '.json': 'application/json', '.png': 'image/png', '.svg': 'image/svg+xml',
    '.txt': 'text/plain; charset=utf-8', '.webmanifest': 'application/manifest+json', '.woff2': 'font/woff2'}
LINE = 4096


def literal(data):
    """Bytes as C string literals; octal, which never runs on into what follows."""
    out = []
    for at in range(0, len(data), LINE):
        out.append('\t"' + ''.join(
            chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f'\\{b:03o}' for b in data[at:at + LINE]) + '"')
    return '\n'.join(out) or '\t""'


def files(folder):
    """What is served: no dot files, no maps of sources."""
    for path in sorted(folder.rglob('*'), key=lambda p: p.relative_to(folder).as_posix()):
        parts = path.relative_to(folder).parts
        if path.is_file() and path.suffix != '.map' and not any(p.startswith('.') for p in parts):
            if path.suffix not in TYPES:
                sys.exit(f'{path}: no media type is known for {path.suffix!r}')
            yield path


def main():
    out, depfile = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    found = list(files(folder)) if folder else []
    if folder and not (folder / 'index.html').is_file():
        sys.exit(f'{folder} has no index.html: build the panel first (npm ci && npm run build in panel/), '
                 'or configure with -Dpanel=none')
    bodies, rows = [], []
    for i, path in enumerate(found):
        data = path.read_bytes()
        small = gzip.compress(data, 9, mtime=0)
        packed = len(small) < len(data) and path.suffix not in ('.png', '.woff2') and path.name != 'index.html'
        bodies.append(f'static const char body{i}[] =\n{literal(data)};\n')
        if packed:
            bodies.append(f'static const char gzip{i}[] =\n{literal(small)};\n')
        url = json.dumps('/' + path.relative_to(folder).as_posix())
        etag = hashlib.sha256(data).hexdigest()[:32]
        rows.append(f'\t{{{url}, "{TYPES[path.suffix]}", "\\"{etag}\\"", body{i}, {len(data)}, '
                    + (f'gzip{i}, {len(small)}' if packed else 'NULL, 0') + '},\n')
    out.write_text('#include "admin/assets.h"\n\n' + '\n'.join(bodies)
                   + '\nconst struct asset assets[] = {\n' + ''.join(rows) + '\t{0},\n};\n'
                   + f'const size_t assets_n = {len(rows)};\n')
    depfile.write_text(f'{out}: ' + ' '.join(str(p).replace(' ', '\\ ') for p in found) + '\n')


main()

"""Comparing what a peer said with what it should have said, to the byte.

A template is the expected text with {names} in it. {id}, {tag} and the like stand for what is
random: some characters that cannot end the place they stand in. Literal braces are doubled.
"""

import re

# Nothing that is random contains white space, quotes, angle brackets, ; , or ends a line.
RANDOM = r"[^\s'\"<>;,]+"
PLACE = re.compile(r"\{\{|\}\}|\{(\w+)\}")


def pattern(template, known=None):
    """A compiled pattern of bytes. known: names whose values must be these."""
    known = known or {}
    out, seen, at = "", set(), 0
    for m in PLACE.finditer(template):
        out += re.escape(template[at:m.start()])
        at = m.end()
        name = m.group(1)
        if name is None:
            out += re.escape(m.group(0)[0])
        elif name in known:
            out += re.escape(known[name])
        elif name in seen:
            out += f"(?P={name})"
        else:
            out += f"(?P<{name}>{RANDOM})"
            seen.add(name)
    out += re.escape(template[at:])
    return re.compile(out.encode(), re.S)


def match(template, data, known=None):
    """The values of the names when data is the template; else fails, showing both."""
    m = pattern(template, known).fullmatch(data)
    if not m:
        raise AssertionError(
            f"\n--- expected\n{template}\n--- received\n{data.decode('utf-8', 'replace')}\n---")
    return {name: value.decode() for name, value in m.groupdict().items()}

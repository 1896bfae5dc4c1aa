#!/usr/bin/env python3
"""Writes oracle.h: what other implementations make of many strings.

python3-precis-i18n gives the derived property of every code point and the PRECIS forms, python3-idna
the labels, ICU (python3-icu) the Bidi Rule over a whole name; the first two have Unicode 14, as
libunistring 1.0. Deviations from them that we want are in the functions below, each with its reason.

usage: oracle.py > oracle.h
"""
import random
import unicodedata

import icu
import idna
from precis_i18n import get_profile
from precis_i18n.derived import derived_property
from precis_i18n.unicode import UnicodeData

UCD = UnicodeData()
LETTER = {'PVALID': 'V', 'FREE_PVAL': 'X', 'CONTEXTJ': 'J', 'CONTEXTO': 'O', 'DISALLOWED': 'N',
          'UNASSIGNED': '-'}

# Characters that one rule or another is about, and ordinary ones of several scripts.
ALPHABET = (
    'abzAZ09-._ \u00b7\u00df\u00e4\u00c4\u0130\u0131\u0149\u017f\u01c5\u0300\u0308\u0327\u034f\u03a3\u03c2\u03c3'
    '\u0345\u0375\u03b1\u1f88\u0627\u0628\u062f\u0640\u064e\u0661\u0662\u06f1\u06f2\u05d0\u05d1\u05b0\u05f3\u05f4'
    '\u0915\u094d\u0937\u200b\u200c\u200d\u2163\u212a\u212b\u265a\u3002\u30a2\u30fb\u3042\u4e00\u3007\u303b\u1100'
    '\u1161\uac00\uff21\uff41\uff11\uff76\uff9e\uff61\uff0e\uff0d\uffa0\u00a0\u2003\u3000\u00ad\ufb01\u0e01\u0e33'
    '\ufeff\ufffd\u0378\u13a0\uab70\u13f8\U00010400\U00010428\U0001f600\U0001d400\U000e0041')


def derived(char):
    return derived_property(ord(char), UCD)[0]


def width(text):
    return ''.join(to if kind in ('<wide>', '<narrow>') else c for c in text
                   for kind, to in [decomposition(c)])


def decomposition(char):
    parts = unicodedata.decomposition(char).split()
    if len(parts) != 2:
        return '', char
    return parts[0], chr(int(parts[1], 16))


def lower(text):
    """Character by character: RFC 7622 3.5 has no rule for a sigma at the end of a word."""
    return ''.join(c.lower() for c in text)


def username(text):
    """RFC 8265 3.3.2 looks at the characters before they are lower-cased and composed, precis-i18n after."""
    if any(derived(c) not in ('PVALID', 'CONTEXTJ', 'CONTEXTO') for c in width(text)):
        return None
    return enforce('UsernameCaseMapped', lower(width(text)))


def opaque(text):
    spaced = ''.join(' ' if unicodedata.category(c) == 'Zs' else c for c in text)
    if any(derived(c) in ('DISALLOWED', 'UNASSIGNED') for c in spaced):
        return None
    return enforce('OpaqueString', text)


def enforce(profile, text):
    try:
        return get_profile(profile).enforce(text)
    except UnicodeError:
        return None


def bidi_ok(name):
    info = icu.IDNAInfo()
    flags = icu.IDNA.CHECK_BIDI | icu.IDNA.CHECK_NONTRANSITIONAL_TO_UNICODE
    icu.IDNA(flags).nameToUnicode(name, info)
    return not info.errors() & icu.IDNAInfo.ERROR_BIDI


def alabel(label):
    """Hosts whose ASCII names have hyphens in the third and fourth place exist."""
    if label.isascii() and label.replace('-', 'x').isalnum() and label.islower() and \
            '-' not in (label[0], label[-1]) and not label.startswith('xn--'):
        return label
    return idna.alabel(label).decode()


def labels_to_ascii(name):
    if name.endswith('.'):
        name = name[:-1]
    labels = name.split('.')
    if labels[-1].isascii() and labels[-1].isdigit():
        return None
    try:
        out = [alabel(label) for label in labels]
    except (idna.IDNAError, UnicodeError):
        return None
    out = '.'.join(out)
    return out if len(out) <= 253 and bidi_ok(name) else None


def to_ascii(text):
    """The capital letters of Cherokee are what IDNA has; case folding leaves them alone."""
    lowered = ''.join(c if c.casefold() == c else lower(c) for c in width(text))
    return labels_to_ascii(unicodedata.normalize('NFC', lowered))


def admin(text):
    if text.isascii():
        return to_ascii(text.strip(' '))
    try:
        return labels_to_ascii(idna.uts46_remap(text.strip(' '), std3_rules=False, transitional=False))
    except (idna.IDNAError, UnicodeError):
        return None


def c_string(text):
    """UTF-8 in octal, which unlike \\x ends after three digits."""
    if text is None:
        return 'NULL'
    return '"' + ''.join(chr(b) if 0x20 <= b < 0x7f and b not in b'"\\?' else '\\%03o' % b
                         for b in text.encode()) + '"'


def properties():
    runs, last = [], None
    for cp in range(0x110000):
        now = '-' if 0xd800 <= cp < 0xe000 else LETTER[derived(chr(cp))]
        if now == last:
            runs[-1][0] += 1
        else:
            runs.append([1, now])
        last = now
    return ''.join('%x%s' % tuple(run) for run in runs)


def samples(rng, alphabet, n, verdict):
    """n strings, at most half of which the verdict refuses."""
    bad, rows = 0, {}
    while len(rows) < n:
        some = rng.sample(alphabet, rng.randint(1, 4))
        text = ''.join(rng.choice(some) for _ in range(rng.randint(1, 5)))
        if text in rows:
            continue
        good = verdict(text)
        if good or bad < n // 2:
            bad += not good
            rows[text] = None
    return sorted(rows)


def table(name, rows, columns):
    print(f'static const struct {{\n\tconst char *in, {columns};\n}} {name}[] = {{')
    for row in rows:
        print('\t{' + ', '.join(c_string(cell) for cell in row) + '},')
    print('};\n')


def main():
    rng = random.Random(7622)
    print('/* Made by oracle.py. Do not edit. */\n')
    text = properties()
    print('/* Runs of derived properties: length in hexadecimal, letter; - is unassigned or no character. */')
    print('static const char oracle_props[] =')
    print('\n'.join(f'\t"{text[i:i + 88]}"' for i in range(0, len(text), 88)) + ';\n')
    names = samples(rng, ALPHABET, 300, lambda s: username(s) or opaque(s))
    table('oracle_precis', [(s, username(s), opaque(s)) for s in names], '*username, *opaque')
    dns = [c for c in ALPHABET if c != '_']
    names = samples(rng, dns, 300, lambda s: to_ascii(s) or admin(s))
    table('oracle_idna', [(s, to_ascii(s), admin(s)) for s in names], '*ascii, *admin')


if __name__ == '__main__':
    main()

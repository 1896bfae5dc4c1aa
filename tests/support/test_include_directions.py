"""That include-directions finds what it is there to find."""
import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name('include-directions')
TABLE = 'base:\ntext pure: base\nsip pure: base text\nedge: base sip/sip.h\ncli: base\n'


def check(files, table=TABLE):
    with tempfile.TemporaryDirectory() as top:
        top = pathlib.Path(top)
        (top / 'ARCHITECTURE.md').write_text(f'# x\n\n```folders\n{table}```\n')
        for folder in ('src/base', 'src/text', 'src/sip', 'src/edge', 'cli'):
            (top / folder).mkdir(parents=True)
        for name, text in files.items():
            (top / name).write_text(text)
        run = subprocess.run([SCRIPT, top], capture_output=True, text=True, check=False)
    return run.returncode, run.stdout.strip()


class IncludeDirections(unittest.TestCase):
    def fault(self, name, line, what):
        self.assertEqual(check({name: f'#pragma once\n{line}\n'}), (1, f'{name}:2: {what}'))

    def test_allowed(self):
        self.assertEqual(check({
            'src/base/a.h': '#include <uv.h>\n#include "base/b.h"\n#include "made.inc"\n',
            'src/text/a.c': '#include <string.h>\n#include "base/a.h"\n',
            'src/edge/a.c': '#include "sip/sip.h"\n',
        }), (0, '3 files, no fault'))

    def test_upwards(self):
        self.fault('src/base/a.c', '#include "text/a.h"', 'base may not include text/a.h')

    def test_sideways(self):
        self.fault('cli/a.c', '#include "text/a.h"', 'cli may not include text/a.h')

    def test_behind_the_one_header(self):
        self.fault('src/edge/a.c', '# include "sip/trans.h"', 'edge may not include sip/trans.h')

    def test_unqualified(self):
        self.fault('src/base/a.h', '#include "b.h"', '"b.h" is not qualified by its folder')

    def test_pure(self):
        for name in ('<sys/socket.h>', '<uv.h>', '<unistd.h>', '<openssl/ssl.h>', '"base/log.h"', '"base/clock.h"'):
            self.fault('src/sip/a.c', f'#include {name}', f'sip is pure and includes {name[1:-1]}')

    def test_folder_without_a_line(self):
        self.assertEqual(check({}, TABLE.replace('edge: base sip/sip.h\n', ''))[0], 1)

    def test_nothing_found_is_no_success(self):
        self.assertEqual(check({})[0], 1)

    def test_cycle(self):
        code, out = check({'cli/a.c': ''}, TABLE.replace('base:\n', 'base: sip\n'))
        self.assertEqual(code, 1)
        self.assertIn('base may include itself by a detour', out)

    def test_bad_table(self):
        self.assertEqual(check({}, 'base - text\n')[0], 2)
        self.assertEqual(check({}, TABLE + 'cli: base\n')[0], 2)


if __name__ == '__main__':
    unittest.main()

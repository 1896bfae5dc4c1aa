"""End-to-end tests: entented as it is shipped, with real and scripted peers."""

import os
import pathlib
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "support"))

from scene import Scene  # noqa: E402  (found by the line above)


def pytest_addoption(parser):
    parser.addoption(
        "--build", default=os.environ.get("ENTENTE_BUILD", TOP / "build"), type=pathlib.Path,
        help="folder with entented and entente")
    parser.addoption("--valgrind", action="store_true", help="run entented under valgrind")


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: measures times or fills the machine: nothing beside it")
    config.addinivalue_line("markers", "valgrind: runs under valgrind too (-m valgrind --valgrind)")


@pytest.fixture(scope="session")
def build(request):
    return request.config.getoption("--build").resolve()


@pytest.fixture(scope="session")
def valgrind(request):
    return request.config.getoption("--valgrind")


@pytest.fixture(scope="module")
def make_scene(build, valgrind):
    """Starts a Scene; at the end of the module entented has to end well."""
    scenes = []

    def make(**options):
        scenes.append(Scene(build, valgrind, **options))
        return scenes[-1]

    yield make
    codes = [scene.close() for scene in scenes]
    assert codes == [0] * len(codes)


@pytest.fixture(scope="module")
def scene(make_scene):
    return make_scene(names=["other.lab", "a.wild.lab"])

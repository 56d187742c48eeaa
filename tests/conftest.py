"""What every test stands on: an empty home of its own, and the real MNIST where this machine has it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
MNIST = REPOSITORY.parent / "shared" / "data" / "mnist"

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CLEARED = (*_PROXIES, *(p.lower() for p in _PROXIES), "SSL_CERT_FILE", "SSL_CERT_DIR")
_SCREEN = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep a test off the developer's store, caches, proxies and certificates."""
    for name in list(os.environ):
        if name.startswith("STEADYSET_") or name in _CLEARED or name in _SCREEN:
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home", numbered=True)
    monkeypatch.setenv("STEADYSET_HOME", str(home / "store"))
    monkeypatch.setenv("KERAS_HOME", str(home / "keras"))
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(home / name.lower()))


@pytest.fixture
def store() -> Path:
    """The store of this test; nothing is there yet."""
    return Path(os.environ["STEADYSET_HOME"])


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The published files of MNIST, byte for byte; where they are absent the test is skipped."""
    if not (MNIST / "mnist.npz").is_file():
        pytest.skip(f"the real MNIST is not at {MNIST}")
    return MNIST


@pytest.fixture(scope="session")
def torchvision() -> ModuleType:
    """torchvision, also when its compiled operators do not fit this torch.

    The published torchvision is built for a torch with CUDA; beside one for the CPU alone its operators
    do not load, and ``import torchvision`` ends in "operator torchvision::nms does not exist". Its data
    sets need none of them, so their names are declared and the import is tried again.
    """
    torch = pytest.importorskip("torch")
    try:
        import torchvision as found
    except ModuleNotFoundError:
        pytest.skip("torchvision is not installed")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _declare_operators(torch)
        import torchvision as found
    module: ModuleType = found
    return module


def _declare_operators(torch: ModuleType) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
        del sys.modules[name]  # half imported
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    torch.library.__steadyset_operators__ = library  # they go when it goes

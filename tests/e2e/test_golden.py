"""The recorded kernels: what faultline prints of them is what tests/golden holds."""
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FAULTLINE_BUILD", TOP / "build/test"))


@pytest.mark.parametrize("form", ["table", "wide", "json", "csv"])
@pytest.mark.parametrize("kernel", ["4.4", "4.14", "6.1", "6.12", "6.18"])
def test_golden(kernel, form):
    done = subprocess.run(
        [BUILD / "tests/golden/render_frames", TOP / f"tests/fixtures/linux-{kernel}", form],
        capture_output=True, text=True, check=True)
    assert done.stdout == (TOP / f"tests/golden/linux-{kernel}.{form}").read_text()
    notes = TOP / f"tests/golden/linux-{kernel}.{form}.notes"
    assert done.stderr == (notes.read_text() if notes.exists() else "")

"""The scripts of the dashboard keep the types that their comments tell."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from api.paths import PAGES_DIR


def test_the_scripts_keep_their_types() -> None:
    compiler = shutil.which("tsc")
    if compiler is None:
        if os.environ.get("CI"):
            pytest.fail("the TypeScript compiler is not installed")
        pytest.skip("the TypeScript compiler is not installed (Debian: node-typescript)")
    done = subprocess.run([compiler, "-p", str(PAGES_DIR)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")

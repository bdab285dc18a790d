"""The configurations whose editors are not driven here are at least files that these editors would read."""

import importlib.util
import json
import runpy
import tomllib
from pathlib import Path
from types import SimpleNamespace

from jsonschema import Draft7Validator

from pipe_rpc.lsp.matcher_params import read_matchers
from tests.editors.stock_lsp.conftest import CONFIGURATIONS
from tests.support.available import unavailable


def test_the_configuration_of_helix_is_toml_that_names_matchers_that_there_are() -> None:
    given = tomllib.loads((CONFIGURATIONS / "helix.toml").read_text())
    server = given["language-server"]["pipe-rpc"]
    assert [server["command"], *server["args"]] == ["pipe-rpc", "--stdio"]
    assert read_matchers(server["config"]["problemMatcher"], "config") != ()
    assert all("pipe-rpc" in language["language-servers"] for language in given["language"])


def test_the_configuration_of_jupyterlab_fits_the_schema_of_jupyter_lsp() -> None:
    spec = importlib.util.find_spec("jupyter_lsp")
    if spec is None or spec.origin is None:
        unavailable("there is no jupyter_lsp; run: pip install --no-deps jupyter-lsp")
    schema = json.loads((Path(spec.origin).parent / "schema" / "schema.json").read_text())
    config = SimpleNamespace(LanguageServerManager=SimpleNamespace())
    runpy.run_path(str(CONFIGURATIONS / "jupyter_server_config.py"), {"get_config": lambda: config})
    servers = config.LanguageServerManager.language_servers
    Draft7Validator({**schema, "$ref": "#/definitions/language-server-specs-implementation-map"}).validate(servers)

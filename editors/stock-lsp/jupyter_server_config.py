"""pipe-rpc in JupyterLab through jupyterlab-lsp: put this into ~/.jupyter/jupyter_server_config.py."""

c = get_config()  # noqa: F821 - Jupyter gives it to this file

c.LanguageServerManager.language_servers = {
    "pipe-rpc": {
        "version": 2,
        "argv": ["pipe-rpc", "--stdio"],
        "languages": ["python"],
        "mime_types": ["text/x-python"],
        "display_name": "pipe-rpc",
    }
}

"""Runs a job through the language server gateway of Jupyter: drive_jupyter.py CONFIGURATION FOLDER DEADLINE.

This runs in Jupyter's own environment, and speaks over the websocket that the pages of JupyterLab use.
"""

import json
import re
import subprocess
import sys
from typing import Any

from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClientConnection, websocket_connect

CONFIGURATION, FOLDER, DEADLINE_S = sys.argv[1], sys.argv[2], float(sys.argv[3])
JOB = {"argv": ["sh", "-c", "echo 'main.c:2:10: error: x undeclared'; exit 3"], "problemMatcher": "$gcc", "cwd": FOLDER}


async def hear(page: WebSocketClientConnection, messages: list[Any], is_it: Any) -> Any:
    """The first message for which this holds, of those that came and those that come."""
    while not any(map(is_it, messages)):
        messages.append(json.loads(await page.read_message() or "null"))
    return next(filter(is_it, messages))


async def converse(address: str) -> None:
    page = await websocket_connect(address)
    messages: list[Any] = []

    async def ask(number: int, method: str, params: Any) -> Any:
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await page.write_message(json.dumps(message))
        answer = await hear(page, messages, lambda message: message.get("id") == number)
        return answer["result"]

    offered = await ask(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    await page.write_message(json.dumps({"jsonrpc": "2.0", "method": "initialized", "params": {}}))
    await ask(2, "workspace/executeCommand", {"command": "pipe-rpc.run", "arguments": [JOB]})
    told = await hear(page, messages, lambda message: message.get("method") == "window/showMessage")
    shown = await hear(page, messages, lambda message: message.get("method") == "textDocument/publishDiagnostics")
    page.close()
    seen = {
        "server": offered["serverInfo"]["name"],
        "message": told["params"]["message"],
        "diagnostics": [each["message"] for each in shown["params"]["diagnostics"]],
    }
    with open("summary.json", "w", encoding="utf-8") as file:
        json.dump(seen, file)


def main() -> None:
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1"]
    command += [f"--config={CONFIGURATION}", f"--ServerApp.root_dir={FOLDER}", "--IdentityProvider.token="]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as jupyter:
        try:
            assert jupyter.stderr is not None
            address = next(filter(None, (re.search(r"http://127\.0\.0\.1:(\d+)/", line) for line in jupyter.stderr)))
            url = f"ws://127.0.0.1:{address[1]}/lsp/ws/pipe-rpc"
            IOLoop.current().run_sync(lambda: converse(url), timeout=DEADLINE_S)
        finally:
            jupyter.terminate()


if __name__ == "__main__":
    main()

"""Makes malformed streams of the corpus: aware of the grammar, fast, and the same for the same seed.

A message is cut into its JSON tokens once. A mutation takes a value for another one, repeats or drops members, takes
the text apart at its tokens, or its bytes at random; a frame's header is then written in one of the legal ways, or in
one that breaks the stream.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from tests.fuzz.corpus import Corpus

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9.]+(?:[eE][+-]?[0-9]+)?|true|false|null|[\[\]{},:]')

METHODS = [
    "initialize", "initialized", "$/cancelRequest", "$/setTrace", "session/spawn", "session/run",
    "session/attach",
    "session/detach", "session/read", "session/write", "session/signal", "session/terminate", "session/terminateAll",
    "session/wait", "session/waitFor", "session/info", "session/list", "session/remove", "session/purge",
    "session/output",
    "workspace/executeCommand", "window/workDoneProgress/cancel", "textDocument/hover", "", "session/", "SESSION/LIST",
    "\\u0073ession/list", "$/", "session/list\\u0000", "é", "\\ud800",
]  # fmt: skip
MEMBERS = [
    "jsonrpc", "id", "method", "params", "result", "error", "sessionId", "stream", "argv", "cwd", "env", "inheritEnv",
    "originator", "command", "mergeStderr", "stdin", "attach", "encoding", "overflow", "backlogBytes", "timeoutMs",
    "graceMs", "steal", "fromOffset", "maxBytes", "waitMs", "data", "close", "signal", "olderThanMs", "until", "force",
    "processId", "capabilities", "clientInfo", "name", "initializationOptions", "arguments", "workDoneToken", "token",
    "timeoutms", "session_id", "", "__proto__", "A=B", "\\u0000", "\\ud800", "é", "x" * 300,
]  # fmt: skip
NUMBERS = [
    "0", "-0", "1", "-1", "1.0", "0.5", "1e2", "-1e-2", "5e-324", "1.7e308", "2147483647", "2147483648",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809",
    "1" + "0" * 308, "1" + "0" * 309, "9" * 4300, "-" + "9" * 4300, "1073741824", "1024", "65536", "67108865",
]  # fmt: skip
WRONG_NUMBERS = [
    "01",
    "+1",
    "1.",
    ".5",
    "1e",
    "-",
    "0x10",
    "1_0",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "-Infinity",
    "9" * 4301,
]
STRINGS = [
    '""', '"a"', '"2.0"', '"stdout"', '"stderr"', '"utf-8"', '"base64"', '"auto"', '"SIGTERM"', '"SIGRTMIN+1"',
    '"SIGNOPE"', '"false"', '"0"', '"null"', '"QQ=="', '"QQ"', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"', '"😀"', '"\\u202e\\u2066"', '"\\u001b[2J\\n"', '"\u2028"', '"/"',
    '"/nonexistent"', '"' + "x" * 300 + '"',
    '"' + "é" * 5000 + '"', '"' + "\\u0001" * 700 + '"', '"exited"', '"closed"', '"block"', '"dropOldest"', '"pipe"',
    '"pipe-rpc.run"', '"pipe-rpc.rerunLast"', '"pipe-rpc.list"', '"pipe-rpc.terminate"', '"pipe-rpc.terminateAll"',
    '"pipe-000000012a05f200-00000001"',
    '"pipe-000000012a05f200-00000002"', '"pipe-000000012a05f200-00000009"',
]  # fmt: skip
WRONG_STRINGS = ['"', '"\\', '"\\x"', '"\\u12"', '"\n"', '"\0"', "'a'", '"a', "“a”"]
OTHERS = ["null", "true", "false", "[]", "{}", "[null]", "[[]]", '{"a":{}}', '{"a":1,"a":2}', '{"":""}', "[1,2,3]"]
PUNCTUATION = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\t",
    "\r\n",
    "\f",
    "\x00",
    "\u00a0",
    "//",
    "/**/",
    "#",
    "undefined",
    "True",
]
DEPTHS = [1, 1, 2, 2, 5, 50, 140, 300, 700, 980, 1200, 5000]
LSP_SHARE = 0.004
"""Of the streams; to make a language server takes as long as a thousand other messages."""
VALUES = [*NUMBERS, *STRINGS, *OTHERS, *OTHERS]

GOOD_HEADERS: Sequence[Callable[[int], bytes]] = (
    lambda size: b"content-length: %d\r\n\r\n" % size,
    lambda size: b"CONTENT-LENGTH:\t%d \r\n\r\n" % size,
    lambda size: b"Content-Length:%09d\r\n\r\n" % size,
    lambda size: b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n" % size,
    lambda size: b'Content-Type: a;b;Charset = "UTF8"\r\nX-Y:\r\nContent-Length: %d\r\n\r\n' % size,
    lambda size: b"Content-Length: %d\r\ncontent-length: 0%d\r\n\r\n" % (size, size),
)
BAD_HEADERS: Sequence[Callable[[int], bytes]] = (
    lambda size: b"Content-Length: %d\n\n" % size,
    lambda size: b"Content-Length: %d\r\n\r\n" % max(0, size - 1),
    lambda size: b"Content-Length: %d\r\n\r\n" % (size + 1),
    lambda size: b"Content-Length: %d\r\n\r\n" % (size + 70_000),
    lambda size: b"Content-Length: -%d\r\n\r\n" % size,
    lambda size: b"Content-Length: +%d\r\n\r\n" % size,
    lambda size: b"Content-Length: %d.0\r\n\r\n" % size,
    lambda size: b"Content-Length: %x\r\n\r\n" % (size + 0xA0),
    lambda size: b"Content-Length: %d%s\r\n\r\n" % (size, b"0" * 20),
    lambda size: b"Content-Length: %d\r\nContent-Length: %d\r\n\r\n" % (size, size + 1),
    lambda size: b"Content-Length: %d\r\nContent-Type: a; charset=utf-16\r\n\r\n" % size,
    lambda size: b"Content-Length : %d\r\n\r\n" % size,
    lambda size: b"Content-Type: %d\r\n\r\n" % size,
    lambda size: b"X: %s\r\nContent-Length: %d\r\n\r\n" % (b"x" * 10_000, size),
    lambda size: b"\r\n\r\n",
    lambda size: b"\xff\xfe\r\nContent-Length: %d\r\n\r\n" % size,
    lambda size: b"",
)


class Tokens(NamedTuple):
    """A message in its tokens, the spans of its values, and where members could be added."""

    tokens: list[str]
    spans: list[tuple[int, int]]
    openings: list[int]


class Stream(NamedTuple):
    """A stream as the client writes it, in some pieces; how many of its frames were made wrong on purpose."""

    reads: list[bytes]
    mutated: int


class Mutator:
    """Makes one stream after the other; all of them follow from the corpus and the seed.

    ``ends`` says whether a stream may end the server: by ``exit``, ``shutdown``, a client that is not there, a header
    that breaks the boundary or a frame that is not finished.
    """

    def __init__(self, corpus: Corpus, seed: int, *, ends: bool = True) -> None:
        self._random = Random(seed)
        self._ends = ends
        self._speaks_lsp = False
        self._may_end_now = ends
        bodies = [body for conversation in corpus.conversations.values() for body in conversation]
        self._ending_messages = [_tokens(body.decode()) for body in bodies if _may_end(body)]
        self._lsp_messages = [_tokens(body.decode()) for body in bodies if is_lsp(body) and not _may_end(body)]
        self._messages = [_tokens(body.decode()) for body in bodies if not (is_lsp(body) or _may_end(body))]
        self._handshake = corpus.conversations["life_of_a_session"][:2]
        self._spawn = corpus.conversations["life_of_a_session"][2]
        self._bodies = list(corpus.bodies.values())
        self._texts = [
            "".join(each.tokens[begin:end]) for each in self._messages for begin, end in each.spans if end - begin < 40
        ]
        self._mutations = (
            [self._replace_value] * 10
            + [self._add_member] * 4
            + [self._replace_method] * 2
            + [self._replace_id] * 2
            + [self._wrap, self._drop_value, self._repeat_value, self._tear, self._tear, self._misspell]
        )

    def stream(self, *, breaks: bool | None = None, frames: int | None = None) -> Stream:
        """Make a stream. ``breaks``: with a header that may lose the boundary in it; by default a few have one."""
        random = self._random
        self._speaks_lsp = random.random() < LSP_SHARE
        self._may_end_now = self._ends and random.random() < 0.25
        parts: list[bytes] = []
        if random.random() < 0.9:
            parts += [_frame(body) for body in self._handshake]
            if random.random() < 0.3:
                parts.append(_frame(self._spawn))
        count = frames or random.choice((1, 10, 60, 120, 200))
        if breaks is None:
            breaks = self._ends and random.random() < 0.15
        broken_at = random.randrange(count) if breaks else -1
        for number in range(count):
            body = self.body()
            parts.append(self._broken_header(len(body)) if number == broken_at else self._header(len(body)))
            parts.append(body)
        data = b"".join(parts)
        if self._ends and random.random() < 0.03:
            data = data[: random.randrange(len(data))]
        return Stream(self._cut(data), count)

    def body(self) -> bytes:
        """Make one body."""
        random = self._random
        lot = random.random()
        if lot < 0.06:
            body = random.choice(self._bodies)
        else:
            message = random.choice(self._pool())
            tokens = list(message.tokens)
            random.choice(self._mutations)(message, tokens)
            if lot < 0.25:
                random.choice(self._mutations)(message, tokens)
            body = "".join(tokens).encode("utf-8", "surrogatepass")
        if lot > 0.88:
            body = self._spoil(body)
        is_unwanted = (not self._may_end_now and _may_end(body)) or (not self._speaks_lsp and is_lsp(body))
        return b'{"unwanted":null}' if is_unwanted else body

    def _pool(self) -> list[Tokens]:
        lot = self._random.random()
        if self._may_end_now and lot < 0.05:
            return self._ending_messages
        return self._lsp_messages if self._speaks_lsp and lot > 0.5 else self._messages

    def _replace_value(self, message: Tokens, tokens: list[str]) -> None:
        begin, end = self._random.choice(message.spans)
        tokens[begin] = self._value()
        for index in range(begin + 1, end):
            tokens[index] = ""

    def _value(self) -> str:
        return self._random.choice(VALUES if self._random.random() < 0.75 else self._texts)

    def _add_member(self, message: Tokens, tokens: list[str]) -> None:
        if message.openings:
            index = self._random.choice(message.openings)
            comma = "" if tokens[index + 1] == "}" else ","
            tokens[index] += f'"{self._random.choice(MEMBERS)}":{self._value()}{comma}'

    def _replace_method(self, _: Tokens, tokens: list[str]) -> None:
        self._put_behind('"method"', f'"{self._random.choice(METHODS)}"', tokens)

    def _replace_id(self, _: Tokens, tokens: list[str]) -> None:
        self._put_behind('"id"', self._value(), tokens)

    def _put_behind(self, name: str, value: str, tokens: list[str]) -> None:
        if name in tokens:
            at = tokens.index(name) + 2
            tokens[at : at + 1] = [value]

    def _wrap(self, message: Tokens, tokens: list[str]) -> None:
        begin, end = self._random.choice(message.spans)
        depth = self._random.choice(DEPTHS)
        opening, closing = self._random.choice((("[", "]"), ('{"a":', "}")))
        tokens[begin] = opening * depth + tokens[begin]
        tokens[end - 1] += closing * depth

    def _drop_value(self, message: Tokens, tokens: list[str]) -> None:
        """Take a value out, with its name and a comma where it is a member."""
        begin, end = self._random.choice(message.spans)
        first = begin - 2 if begin >= 2 and tokens[begin - 1] == ":" else begin
        if tokens[first - 1] == ",":
            first -= 1
        for index in range(max(first, 0), end):
            tokens[index] = ""

    def _repeat_value(self, message: Tokens, tokens: list[str]) -> None:
        """Give a value, or a member, twice."""
        begin, end = self._random.choice(message.spans)
        first = begin - 2 if begin >= 2 and tokens[begin - 1] == ":" else begin
        tokens[end - 1] += "," + "".join(tokens[max(first, 0) : end])

    def _tear(self, _: Tokens, tokens: list[str]) -> None:
        """Put, drop or change a single token, which leaves hardly any JSON."""
        random = self._random
        index = random.randrange(len(tokens))
        lot = random.random()
        if lot < 0.4:
            tokens[index] += random.choice(PUNCTUATION)
        elif lot < 0.6:
            tokens[index] = ""
        else:
            tokens[index] = random.choice(WRONG_NUMBERS if lot < 0.8 else WRONG_STRINGS)

    def _misspell(self, _: Tokens, tokens: list[str]) -> None:
        index = self._random.randrange(len(tokens))
        tokens[index] = tokens[index].swapcase()

    def _spoil(self, body: bytes) -> bytes:
        """Change bytes without regard to anything."""
        random = self._random
        spoilt = bytearray(body)
        for _ in range(random.choice((1, 1, 2, 5))):
            at = random.randrange(len(spoilt) + 1)
            lot = random.random()
            if lot < 0.3 and at < len(spoilt):
                spoilt[at] ^= 1 << random.randrange(8)
            elif lot < 0.5:
                spoilt.insert(at, random.randrange(256))
            elif lot < 0.65:
                del spoilt[at : at + random.choice((1, 2, 8))]
            elif lot < 0.75:
                del spoilt[at:]
            elif lot < 0.9:
                piece = random.choice(self._bodies)
                spoilt[at:at] = piece[: random.choice((3, 20, len(piece)))]
            else:
                spoilt[at:at] = spoilt[at : at + random.choice((1, 10, 100))]
        return bytes(spoilt)

    def _header(self, size: int) -> bytes:
        if self._random.random() < 0.95:
            return b"Content-Length: %d\r\n\r\n" % size
        return self._random.choice(GOOD_HEADERS)(size)

    def _broken_header(self, size: int) -> bytes:
        return self._random.choice(BAD_HEADERS)(size)

    def _cut(self, data: bytes) -> list[bytes]:
        """Cut a stream into the reads in which it comes."""
        random = self._random
        lot = random.random()
        if lot < 0.5 or not data:
            return [data]
        if lot < 0.54 and len(data) < 700:
            return [data[at : at + 1] for at in range(len(data))]
        cuts = sorted(random.randrange(len(data)) for _ in range(random.choice((1, 2, 5, 20))))
        return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def _tokens(text: str) -> Tokens:
    tokens = TOKEN.findall(text)
    assert "".join(tokens) == text, f"the corpus holds blanks: {text[:200]}"
    spans: list[tuple[int, int]] = []
    openings: list[int] = []
    begins: list[int] = []
    for index, token in enumerate(tokens):
        if token in ("{", "["):
            begins.append(index)
            if token == "{":
                openings.append(index)
        elif token in ("}", "]"):
            spans.append((begins.pop(), index + 1))
        elif token not in (",", ":") and tokens[index + 1 : index + 2] != [":"]:
            spans.append((index, index + 1))
    return Tokens(tokens, spans, openings)


def _may_end(body: bytes) -> bool:
    """Whether it may end the server, or tell it of a client that is not there; in whatever spelling."""
    return b'"exit' in body or b"shutdown" in body or b"processId" in body or b"\\u0065" in body or b"\\u0073" in body


def is_lsp(body: bytes) -> bool:
    """Whether it may be for the language server."""
    return b"Command" in body or b"Progress/" in body


def _frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

"""A row of the catalogue, and the constants that its chapters share."""

from __future__ import annotations

from typing import NamedTuple

from tests.house.proofs import Proofs

WRONG = "test_wrong_params_are_named_by_path_and_nothing_is_coerced"
NOT_JSON = "test_a_body_that_is_no_json_is_a_parse_error_and_the_connection_lives"
NO_REQUEST = "test_json_that_is_no_request_is_refused_once_with_its_id_where_it_has_one"
LOST = "test_a_lost_boundary_is_answered_once_and_the_server_ends_in_order"
NO_SPAWN = "test_spawn_failed_tells_what_failed_and_where"

CHILD_SPAWN = "child/test_spawn.py"
CLIENT_WATCH = "server/test_client_watch.py"
DESCRIPTOR = "loop/test_descriptor.py"
ENDING = "server/test_ending.py"
ENDPOINT = "server/test_endpoint.py"
ENVELOPE = "protocol/test_envelope.py"
EXIT_WATCH = "child/test_exit_watch.py"
FORBIDDEN = "house/test_forbidden_calls.py"
FRAMER = "buffers/test_framer.py"
GROUP = "child/test_process_group.py"
GUARD = "server/test_guard.py"
JSON_TEXT = "protocol/test_json_text.py"
LIMITS = "e2e/test_limits.py"
LOG = "server/test_log.py"
ORPHANS = "child/test_orphans.py"
PRIVACY = "e2e/test_privacy.py"
RING = "buffers/test_ring.py"
SIGNALS = "loop/test_signals.py"
STDIO = "server/test_stdio.py"
SUDDEN = "session/test_termination.py"
TEXT = "properties/test_text_splits.py"
TRANSPORT = "server/test_transport.py"
WIRE = "e2e/test_transport.py"


class Row(NamedTuple):
    """One way in which things fail."""

    key: str
    """The letter of its chapter, and its number there."""
    becomes: str
    """What pipe-rpc does then."""
    proofs: Proofs = ()
    unproven: str = ""
    """Why there can be no proof, for a row that has none."""

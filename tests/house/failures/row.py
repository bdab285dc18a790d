"""A row of the catalogue, and the constants that its chapters share."""

from __future__ import annotations

from typing import NamedTuple

from tests.house.proofs import Proofs

WRONG = "test_wrong_params_are_named_by_path_and_nothing_is_coerced"
NOT_JSON = "test_a_body_that_is_no_json_is_a_parse_error_and_the_connection_lives"
NO_REQUEST = "test_json_that_is_no_request_is_refused_once_with_its_id_where_it_has_one"
LOST = "test_a_lost_boundary_is_answered_once_and_the_server_ends_in_order"
NO_SPAWN = "test_spawn_failed_tells_what_failed_and_where"
FAILS = "test_a_call_that_fails_harms_nobody_else"
TAKEN = "test_every_input_of_the_corpus_is_taken_as_the_contract_says"

BATCH_ORDERS = "server/test_batch_orders.py"
BURSTS = "soak/test_bursts.py"
CALLS = "faults/test_calls.py"
CGROUP = "child/test_cgroup.py"
CGROUP_TREE = "child/test_cgroup_tree.py"
CHILD_SPAWN = "child/test_spawn.py"
CLIENT_WATCH = "server/test_client_watch.py"
CONTAINMENT = "e2e/test_containment.py"
CRUMBS = "faults/test_short_transfers.py"
DESCRIPTOR = "loop/test_descriptor.py"
ENDING = "server/test_ending.py"
ENDPOINT = "server/test_endpoint.py"
ENVELOPE = "protocol/test_envelope.py"
EXIT_WATCH = "child/test_exit_watch.py"
FEW_DESCRIPTORS = "faults/test_descriptor_limits.py"
FLOOD_ATTACHED = "soak/test_attachments_on_a_flood.py"
FORBIDDEN = "house/test_forbidden_calls.py"
FORGOTTEN = "e2e/test_forgotten.py"
FRAMER = "buffers/test_framer.py"
FUZZED_PROCESS = "fuzz/test_process.py"
GENERATED = "fuzz/test_generated.py"
GROUP = "child/test_process_group.py"
GUARD = "server/test_guard.py"
HARD_KILLS = "soak/test_hard_kills.py"
HOSTILE_CHILDREN = "soak/test_hostile_children.py"
HOSTILE_CLIENTS = "soak/test_hostile_clients.py"
JSON_TEXT = "protocol/test_json_text.py"
KQUEUE = "child/test_exit_kqueue.py"
LIMITS = "e2e/test_limits.py"
LIVENESS = "soak/test_liveness.py"
LOG = "server/test_log.py"
MANY_SESSIONS = "soak/test_many_sessions.py"
MUTATED = "fuzz/test_mutated.py"
ORPHANS = "child/test_orphans.py"
PRIVACY = "e2e/test_privacy.py"
RANDOM_CLIENTS = "soak/test_random_clients.py"
RING = "buffers/test_ring.py"
RING_BUDGET = "buffers/test_ring_budget.py"
SHORTAGE = "faults/test_shortage.py"
SIGNALS = "loop/test_signals.py"
STDIO = "server/test_stdio.py"
SUDDEN = "session/test_termination.py"
SURROUNDINGS = "e2e/test_surroundings.py"
TEXT = "properties/test_text_splits.py"
TOMBSTONES = "session/test_tombstones.py"
TOTAL_BACKLOG = "e2e/test_total_backlog.py"
TRANSPORT = "server/test_transport.py"
WIRE = "e2e/test_transport.py"
ZOMBIE = "child/test_zombie.py"


class Row(NamedTuple):
    """One way in which things fail."""

    key: str
    """The letter of its chapter, and its number there."""
    becomes: str
    """What pipe-rpc does then."""
    proofs: Proofs = ()
    unproven: str = ""
    """Why there can be no proof, for a row that has none."""

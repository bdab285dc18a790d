"""What tests share: a raw-bytes client, the trace oracle, leak detection, gates and child programs."""

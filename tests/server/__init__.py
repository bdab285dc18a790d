"""Where wire and domain meet, over real pipes and a clock that stands still."""

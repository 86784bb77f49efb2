"""Template tags of the interfaces room: its words, and the interface document."""

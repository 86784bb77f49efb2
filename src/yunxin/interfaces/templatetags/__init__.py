"""Tags of the interface document."""

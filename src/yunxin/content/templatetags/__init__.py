"""Template tags of the content room: `{% load content %}`."""

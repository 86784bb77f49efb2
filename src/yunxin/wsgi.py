"""The pages as a WSGI application, for any WSGI server (`yunxin web` runs it in granian)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunxin.settings")

application = get_wsgi_application()

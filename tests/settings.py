"""Django's settings for tests: a person's environment and collected files make no difference."""

import os

for _name in [name for name in os.environ if name.startswith("YUNXIN_")]:
    del os.environ[_name]
os.environ["YUNXIN_STATIC_ROOT"] = "/nonexistent"

from yunxin.settings import *  # noqa: E402, F403
from yunxin.web.translations import compile_all  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast, and safe enough here
del os.environ["YUNXIN_STATIC_ROOT"]  # programs started by tests read the environment too
compile_all()  # pages of tests speak Chinese, as people's do

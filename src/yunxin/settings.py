"""Django's settings, all made from one `Config` (see config.py for what may be set and how)."""

import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from yunxin.config import Config

PACKAGE = Path(__file__).resolve().parent
BASE_DIR = PACKAGE.parents[1]
CONFIG = Config.from_environment()
IS_HTTPS = CONFIG.base_url.startswith("https://")

# -- what Django is made of -----------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "procrastinate.contrib.django",
    "django_htmx",
    "csp",
    "yunxin.web",
    "yunxin.accounts",
    "yunxin.billing",
    "yunxin.content",
    "yunxin.contacts",
    "yunxin.carriers",
    "yunxin.interfaces",
    "yunxin.campaigns",
    "yunxin.errands",
    "yunxin.messaging",
    "yunxin.stats",
    "yunxin.demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "yunxin.web.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "yunxin.accounts.middleware.FirstPassword",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "yunxin.urls"
WSGI_APPLICATION = "yunxin.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DEBUG = CONFIG.debug
LOGGING_CONFIG = None  # every program calls logs.configure

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "yunxin.web.context.shell",
                "yunxin.accounts.context.account",
                "yunxin.billing.context.balance",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"


# -- database -------------------------------------------------------------------------------------
def database_settings(url: str) -> dict[str, object]:
    """Django's description of the database of a libpq URL; other parts go to libpq as they are."""
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "yunxin"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,  # a restarted PostgreSQL costs nobody an error page
    }


DATABASES = {"default": database_settings(CONFIG.database_url)}

# -- people ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# -- language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Asia/Shanghai"  # what people see; stored in UTC
USE_TZ = True

# -- safety ---------------------------------------------------------------------------------------
# Without a key of its own a process makes one up: fine for commands and tests, while `yunxin web`
# refuses to start, as sessions would end with the process.
SECRET_KEY = CONFIG.secret_key or secrets.token_urlsafe(50)
ALLOWED_HOSTS = [*CONFIG.allowed_hosts, urlsplit(CONFIG.base_url).hostname or "localhost"]
CSRF_TRUSTED_ORIGINS = [CONFIG.base_url]
# Cookies know no ports: two platforms on one machine must not end each other's sessions.
_COOKIE_SUFFIX = f"_{urlsplit(CONFIG.base_url).port}" if urlsplit(CONFIG.base_url).port else ""
SESSION_COOKIE_NAME = "yunxin_session" + _COOKIE_SUFFIX
CSRF_COOKIE_NAME = "yunxin_csrf" + _COOKIE_SUFFIX
LANGUAGE_COOKIE_NAME = "yunxin_language"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3_000  # all 2,000 groups of an address book, ticked at once
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# -- static files (what people upload lies in the database: web/models.py) -------------------------
STATIC_URL = "static/"
STATIC_ROOT = CONFIG.static_root
STATICFILES_DIRS = [PACKAGE / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "yunxin.web.finders.NodeModulesFinder",
]
# Collected files have hashed names and are compressed (scripts/setup collects them). Where
# nothing is collected, in tests and while developing, whitenoise serves files where they lie.
IS_COLLECTED = "collectstatic" in sys.argv or (
    not DEBUG and (STATIC_ROOT / "staticfiles.json").exists()
)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not IS_COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "yunxin.web.finders.HashedStorage"
        if IS_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

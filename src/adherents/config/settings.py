"""Django's settings, all of them from the environment (`environment.py`) or from the insurer's profile."""

from urllib.parse import urlsplit

from adherents.config import databases, environment, exchange_folder
from adherents.insurer.profile import load_profile

DATA_DIR = environment.data_dir()
BASE_URL = environment.base_url()
IN_PRODUCTION = environment.is_production()
PROFILE_FILE = environment.profile_path()
PROFILE = load_profile(PROFILE_FILE)

SECRET_KEY = environment.secret_key()
ADHERENTS_MASTER_KEYS = environment.master_keys()
ADHERENTS_PROFILE = PROFILE
ADHERENTS_PROFILE_FILE = PROFILE_FILE
ADHERENTS_STORAGE_AT = environment.storage_at  # for what a command is told of another storage
ADHERENTS_KEY_FILE = environment.master_key_file()
ADHERENTS_CACHE_URL = environment.cache_url()
ADHERENTS_WORK_URL = environment.work_url()
ADHERENTS_PROXIES = environment.proxies()
ADHERENTS_ANTIVIRUS = environment.antivirus()
ADHERENTS_DRAWING_SERVICE = environment.drawing_service()
ADHERENTS_BOUNDS = environment.bounds()
ADHERENTS_METRICS_DIR = environment.metrics_dir()
ADHERENTS_METRICS_TOKEN = environment.metrics_token()
ADHERENTS_METRICS_BIND = environment.metrics_bind()
ADHERENTS_OTLP_URL = environment.otlp_url()
ADHERENTS_BOUNCE_ADDRESS = environment.bounce_address()
ADHERENTS_MAIL_EVENTS = environment.mail_events()
ADHERENTS_AGENTS_OIDC_SECRET = environment.agents_oidc_secret()
ADHERENTS_WEBHOOK_NETWORKS = environment.webhook_networks()
ADHERENTS_FRANCECONNECT_SECRET = environment.franceconnect_secret()
ADHERENTS_FOLDER = exchange_folder.exchange_folder()
DEBUG = False
ALLOWED_HOSTS = [urlsplit(BASE_URL).hostname or "localhost"]
if not IN_PRODUCTION:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]
HTTPS = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "adherents.config",
    "adherents.api",
    "adherents.portal",
    "adherents.backup",
    "adherents.webhooks",
    "adherents.folder",
    "adherents.casework",
    "adherents.messaging",
    "adherents.notes",
    "adherents.desk",
    "adherents.reading",
    "adherents.vault",
    "adherents.enrolment",
    "adherents.members",
    "adherents.drafts",
    "adherents.accounts",
    "adherents.mail",
    "adherents.ui",
    "adherents.insurer",
    "adherents.feed",
    "adherents.journal",
    "adherents.work",
    "adherents.storage",
    "adherents.crypto",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "adherents.config.middleware.request_id",
    "adherents.config.middleware.traced",
    "adherents.config.middleware.access_log",
    "adherents.config.middleware.response_headers",
    "adherents.api.middleware.for_programs",
    "adherents.config.middleware.database_hangs",
    "adherents.config.middleware.mailed_addresses",
    "adherents.config.middleware.head_writes_nothing",
    "adherents.config.middleware.compressed",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "adherents.accounts.middleware.language",
    "django.middleware.common.CommonMiddleware",
    "adherents.config.middleware.LongRequests",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "adherents.accounts.middleware.RateLimitedMiddleware",
    "adherents.drafts.posted.KeepUnsentWords",
    "adherents.accounts.middleware.ObjectRefusals",
    "adherents.accounts.middleware.cookies_refused",
    "adherents.accounts.middleware.ProveAgainMiddleware",
]

ROOT_URLCONF = "adherents.config.urls"
WSGI_APPLICATION = "adherents.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "adherents.ui.context.portal",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "adherents.ui.templatetags.ui",
            ],
        },
    }
]
# What a room leads to in a room above it, which it does not know: `ui.pages` reads these names.
ADHERENTS_PAGES = {
    "home": "portal:home",
    "help": "portal:help",
    "contact": "portal:contact",
    "legal": "portal:legal",
    "language": "portal:language",
    "manifest": "portal:manifest",
    "worker": "portal:worker",
    "offline": "portal:offline",
    "personal_data": "portal:personal_data",
    "sign_in": "accounts:sign_in",
    "sign_out": "accounts:sign_out",
    "agent_sign_in": "accounts:agent_sign_in",
    "first_connection": "enrolment:first_connection",
    "franceconnect": "enrolment:franceconnect",
    "code_by_post": "enrolment:code",
    "documents": "vault:documents",
    "threads": "messages:threads",
    "new_thread": "messages:new",
    "desk": "casework:queue",
    "search": "desk:search",
    "agents": "desk:agents",
}
FORM_RENDERER = "adherents.ui.forms.PortalRenderer"

DATABASES = databases.configured()
DATABASE_ROUTERS = ["adherents.database.reader.ReaderRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Nothing of the portal is kept in Django's cache: no page fails with it. Valkey counts limits (`accounts.limits`).
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

_storage_backend, _storage_options = environment.storage()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "documents": {"BACKEND": _storage_backend, "OPTIONS": _storage_options},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_FINDERS = [
    "adherents.ui.bundle.BundleFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
WHITENOISE_MAX_AGE = 3600

_mailer = environment.mailer()
EMAIL_BACKEND = _mailer.backend
EMAIL_HOST, EMAIL_PORT = _mailer.host, _mailer.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mailer.user, _mailer.password
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = _mailer.use_tls, _mailer.use_ssl, 20
EMAIL_FILE_PATH = _mailer.folder or None

LANGUAGE_CODE = "fr"
LANGUAGES = [(code, {"fr": "Français", "en": "English"}[code]) for code in PROFILE.languages]
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_SAMESITE, LANGUAGE_COOKIE_AGE = HTTPS, "Lax", 365 * 86400
TIME_ZONE = "Europe/Paris"
USE_TZ = USE_I18N = True

# Cookies. `__Host-` binds a cookie to this very host over TLS; a portal tried on plain HTTP cannot use it.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}langue"
SESSION_ENGINE = "adherents.accounts.sessions"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = PROFILE.session.absolute_hours * 3600
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_FAILURE_VIEW = "adherents.config.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["adherents.members.backends.RegisterBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, object]] = []
PASSWORD_HASHERS = ["adherents.accounts.hashing.PortalHasher"]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "/adherent/"

ACCOUNT_ADAPTER = "adherents.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "identifier"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "adherents.accounts.second_factor.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # steps of 30 s: a code typed as it changes; each opens once all the same
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TRUST_ENABLED = False
MFA_RATE_LIMITS = False  # ours count here too, and answer in words

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 0  # sent by our own middleware, on every response
SECURE_CONTENT_TYPE_NOSNIFF = False
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "adherents.config.logs.JsonFormatter"}},
    "filters": {"outages": {"()": "adherents.telemetry.outages.OneLineAMinute"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": environment.log_level()},
    "loggers": {
        "django.request": {"level": "ERROR", "filters": ["outages"]},
        "celery": {"level": "WARNING"},  # two lines a message otherwise; the sweeps say what they did
        "django.security": {"level": "WARNING"},
    },
}
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W004", "security.W006", "security.W008"]

"""Django's settings, all derived from the typed environment."""

import hashlib
import os
from dataclasses import replace
from typing import Any

from miosa.environment import environment
from miosa.people_environment import mail_sender, mail_server
from miosa.pg.alias import alias, replica
from miosa.pg.bootstrap import derive, same_login
from miosa.theme import UNFOLD  # noqa: F401  read by django-unfold

ENVIRONMENT = environment()
if ENVIRONMENT.database_url and not ENVIRONMENT.database_platform_url:
    # One URL is the administrator's: nobody works with that login, the three others follow from it.
    _logins = derive(ENVIRONMENT.database_url)
    ENVIRONMENT = replace(
        ENVIRONMENT,
        database_url=_logins.app_url,
        database_platform_url=_logins.platform_url,
        database_owner_url=_logins.owner_url,
        database_replica_url=same_login(ENVIRONMENT.database_replica_url, _logins.app_url),
    )

SECRET_KEY = hashlib.sha256(b"django:" + ENVIRONMENT.jwt_secret.encode()).hexdigest()
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(ENVIRONMENT.trusted_origins)

SHARED_APPS = [
    "django_tenants",
    "tenants",
    "billing",
    "routing",
    "deployments",
    "agents",
    "miosa",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
# Tables of these also stand in the schema of a tenant that has one of its own.
TENANT_APPS = ["billing", "routing", "deployments", "agents"]
INSTALLED_APPS = SHARED_APPS
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
GET_EXECUTOR_FUNCTION = "miosa.pg.executor.silo_executor"
AUTH_USER_MODEL = "tenants.User"

MIDDLEWARE = [
    "miosa.http.request_id.RequestIdMiddleware",
    "miosa.http.client_address.address_middleware",
    "miosa.pg.platform.platform_admin",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "tenants.second_factor.gate.second_factor_gate",
    "tenants.audit.actor.staff_middleware",
    "tenants.admin.vantage.look",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.middleware.TenantScopeMiddleware",
]
ROOT_URLCONF = "miosa.urls"
WSGI_APPLICATION = "miosa.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Owner for migrations, application for all else; the admin and platform jobs go to the platform login.
AS_OWNER = os.environ.get("MIOSA_DATABASE_LOGIN") == "owner"
DATABASES: dict[str, dict[str, Any]] = {
    "default": alias(
        ENVIRONMENT.database_owner_url if AS_OWNER else ENVIRONMENT.database_url,
        pool=0 if AS_OWNER else ENVIRONMENT.database_pool,
        TENANT_SCOPE="connection" if AS_OWNER else "transaction",
    ),
    "platform": alias(
        ENVIRONMENT.database_platform_url, pool=0 if AS_OWNER else 6, TEST={"MIRROR": "default"}
    ),
}
if ENVIRONMENT.database_owner_url:
    # What changes tables beside its daily login: moving, erasing and checking tenants. Nobody connects unasked.
    DATABASES["owner"] = alias(
        ENVIRONMENT.database_owner_url, pool=0, TENANT_SCOPE="connection", TEST={"MIRROR": "default"}
    )
if ENVIRONMENT.database_replica_url and not AS_OWNER:
    DATABASES["replica"] = replica(ENVIRONMENT.database_replica_url, pool=ENVIRONMENT.database_pool)
DATABASE_ROUTERS = [
    "miosa.pg.platform.PlatformRouter",
    "miosa.pg.replica.ReplicaRouter",
    "miosa.pg.shared.SharedModelsRouter",
    "django_tenants.routers.TenantSyncRouter",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES["default"]["ATOMIC_REQUESTS"] = not AS_OWNER

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENVIRONMENT.redis_url,
        "KEY_FUNCTION": "tenants.cache_keys.key",
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
_mail = mail_server(ENVIRONMENT)
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _mail.backend, _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = _mail.starttls, _mail.tls, 10
EMAIL_FILE_PATH = str(ENVIRONMENT.state_dir / "mail")
DEFAULT_FROM_EMAIL = mail_sender(ENVIRONMENT)
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = (
    True  # the wheels' own files are served as they are: nothing to collect on a bare machine
)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.secure_cookies
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
LOGIN_URL, LOGIN_REDIRECT_URL = "/admin/login/", "/admin/"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.authentication.CredentialAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["miosa.http.json_parser.StorableJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "miosa.http.pagination.CreatedCursorPagination",
    "EXCEPTION_HANDLER": "miosa.http.exception_handler.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MIOSA",
    "DESCRIPTION": "Give a task to eleven agents, follow it, and read why each model was chosen.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "ENUM_NAME_OVERRIDES": {
        "ExecutionStateEnum": "agents.models.Execution.State",
        "StepStateEnum": "agents.models.Step.State",
        "ModeEnum": "agents.models.Execution.Mode",
        "TaskKindEnum": "routing.requirement.TASK_KINDS",
        "RoleEnum": "tenants.models.Role",
        "EnvironmentEnum": "deployments.models.Service.Environment",
        "DeploymentStateEnum": "deployments.models.Deployment.State",
        "SandboxRunStateEnum": "deployments.models.SandboxRun.State",
        "ServiceStateEnum": "deployments.models.Service.State",
        "ApprovalStateEnum": "deployments.models.Approval.State",
        "ApprovalPolicyKindEnum": "deployments.models.ApprovalPolicy.Kind",
        "ProposalStateEnum": "agents.models.Proposal.State",
        "ProposalKindEnum": "agents.models.Proposal.Kind",
        "ToolDecisionEnum": "agents.models.ToolRule.Decision",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "miosa.http.openapi.add_problems",
    ],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "miosa.http.request_id.RequestIdFilter"},
        "no_secrets": {"()": "miosa.http.log_masking.MaskSecrets"},
    },
    "formatters": {
        "line": {
            "class": "miosa.http.log_lines.SecretlessFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id", "no_secrets"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "mcp": {"level": "WARNING"},
        "sqlglot": {"level": "ERROR"},
        "httpcore": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},  # below it are addresses and contents of requests
        "celery.app.trace": {"level": "WARNING"},  # a line for each doorbell says nothing
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
API_KEY_SPENDING = "billing.key_budgets.spending_of"  # what a key has spent is billing's to know
ADMIN_RECORDER = "tenants.audit.staff.record_change"  # told of every change that is made in the admin
SILENCED_SYSTEM_CHECKS = ["django_tenants.W003"]

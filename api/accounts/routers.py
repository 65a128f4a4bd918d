"""All that accounts answer over HTTP, to be mounted by the composition."""

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from api.accounts import admin_routes, code_routes, email_routes, own_routes, routes
from api.accounts.oidc import routes as oidc_routes
from api.accounts.oidc.provider import providers as known
from api.audit import routes as audit_routes
from infra.settings import Settings


def providers(settings: Settings) -> list[str]:
    """Other logins people may come by."""
    return list(known(settings.oidc_issuers, settings.oidc_client_ids, settings.oidc_client_secrets))


def routers(*more: HTTPRouteHandler) -> list[Router]:
    """One for each file of routes; `more` stand beside what people do with their own account."""
    return [
        routes.router, code_routes.router, oidc_routes.router, own_routes.router(*more), email_routes.router,
        admin_routes.router, audit_routes.router,
    ]

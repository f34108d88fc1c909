"""An OpenID provider on loopback, built with authlib: discovery, keys, authorization code with PKCE, id tokens.

Start it with `with FakeProvider([callback]) as provider:`. Everybody who asks is `provider.person`; what
`provider.lies` says goes into the id token in the place of the truth.
"""

import time
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Self

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify
from joserfc.jwk import RSAKey
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

CLIENT_ID = "prumo"
CLIENT_SECRET = "a-secret-of-the-provider"


@dataclass
class Person:
    """Who sits at the browser."""

    sub: str = "person-1"
    email: str = "ana@agencia.example"
    email_verified: bool = True
    name: str = "Ana Provedora"


@dataclass
class Code(AuthorizationCodeMixin):
    """An authorization code under way."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    person: Person

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Us(ClientMixin):
    """The one client of the provider."""

    redirects: list[str]
    auth_method: str

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirects[0]

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirects

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint != "token" or method == self.auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        return


@dataclass
class FakeProvider:
    """See the module. `calls` counts requests by path."""

    redirects: list[str]
    person: Person = field(default_factory=Person)
    lies: dict[str, Any] = field(default_factory=dict)
    refuses: bool = False
    auth_method: str = "client_secret_basic"
    algorithm: str = "RS256"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    published: RSAKey | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _server: BaseWSGIServer | None = None

    @property
    def issuer(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True, request_handler=_Quiet)
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def new_key(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": "second"})

    def _app(self) -> Flask:
        app = Flask(__name__)
        server = AuthorizationServer(app, lambda _: Us(self.redirects, self.auth_method), lambda *_: None)
        server.register_grant(self._grant(), [self._id_tokens(), CodeChallenge(required=True)])
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._describe)
        app.add_url_rule("/jwks", view_func=self._keys)

        @app.get("/authorize")
        def authorize() -> Response:
            self.calls.append("authorize")
            grant = server.get_consent_grant(end_user=self.person)
            answer: Response = server.create_authorization_response(
                grant_user=None if self.refuses else self.person, grant=grant
            )
            return answer

        @app.post("/token")
        def token() -> Response:
            self.calls.append("token")
            answer: Response = server.create_token_response()
            return answer

        return app

    def _describe(self) -> Response:
        self.calls.append("metadata")
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "token_endpoint_auth_methods_supported": [self.auth_method],
        }
        return jsonify(told | self.metadata)

    def _keys(self) -> Response:
        self.calls.append("jwks")
        return jsonify({"keys": [(self.published or self.key).as_dict(private=False)]})

    def _grant(self) -> type[grants.AuthorizationCodeGrant]:
        provider = self

        class Grant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

            def save_authorization_code(self, code: str, request: Any) -> None:
                asked = request.payload.data
                provider.codes[code] = Code(
                    code,
                    request.payload.redirect_uri,
                    request.payload.scope,
                    asked.get("nonce", ""),
                    asked.get("code_challenge", ""),
                    asked.get("code_challenge_method", ""),
                    provider.person,
                )

            def query_authorization_code(self, code: str, client: Any) -> Code | None:
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code: Code) -> None:
                del provider.codes[authorization_code.code]

            def authenticate_user(self, authorization_code: Code) -> Person:
                return authorization_code.person

        return Grant

    def _id_tokens(self) -> OpenIDCode:
        provider = self

        class IdTokens(OpenIDCode):
            def exists_nonce(self, nonce: str, request: Any) -> bool:
                return False

            def resolve_client_private_key(self, client: Any) -> RSAKey:
                return provider.key

            def get_client_algorithm(self, client: Any) -> str:
                return provider.algorithm

            def get_encode_header(self, client: Any) -> dict[str, str]:
                return {"alg": self.get_client_algorithm(client), "kid": str(provider.key.kid)}

            def get_client_claims(self, client: Any) -> dict[str, Any]:
                return {"iss": provider.issuer, "aud": [client.get_client_id()]}

            def generate_user_info(self, user: Person, scope: str) -> UserInfo:
                true = {
                    "sub": user.sub,
                    "email": user.email,
                    "email_verified": user.email_verified,
                    "name": user.name,
                }
                return UserInfo(true | provider.lies)

        return IdTokens()

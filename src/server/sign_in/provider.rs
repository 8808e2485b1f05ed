//! The OpenID provider: discovered on first use, and asked to authenticate people.
//!
//! An outage affects only people who sign in, and only while it lasts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use axum::http::StatusCode;
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError, Client, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims,
    IdTokenFields, LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadataWithLogout, RequestTokenError, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
        CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::{allow_list::Claims, settings::Settings};

/// Metadata and keys are fetched again after this time, so that withdrawn keys stop counting.
const METADATA_MAX_AGE: Duration = Duration::from_secs(60 * 60);
/// The shortest time between two discoveries, however many people wait.
const MIN_DISCOVERY_INTERVAL: Duration = Duration::from_secs(1);

/// Claims that OpenID Connect does not define.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
struct Others(Map<String, Value>);

impl AdditionalClaims for Others {}

type Token =
    IdToken<Others, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type OidcClient = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The reason why nobody could be authenticated; the causes are for the log.
#[derive(Debug)]
pub enum SignInFailure {
    /// The provider does not respond, or not as a provider.
    Down(anyhow::Error),
    /// The provider rejected the sign-in.
    Refused(anyhow::Error),
}

/// A sign-in to begin: the provider's address, and the values to remember meanwhile.
pub struct Authorization {
    pub url: Url,
    pub state: CsrfToken,
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
}

#[derive(Default)]
struct Known {
    metadata: Option<Arc<ProviderMetadataWithLogout>>,
    asked: Option<Instant>,
}

#[derive(Default)]
pub struct Provider(Mutex<Known>);

impl Provider {
    /// # Errors
    /// [`SignInFailure::Down`].
    pub async fn begin(
        &self,
        settings: &Settings,
        as_other: bool,
    ) -> Result<Authorization, SignInFailure> {
        let metadata = self.metadata(settings, METADATA_MAX_AGE).await?;
        let client = client(settings, &metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(settings.scopes.iter().cloned())
            .set_pkce_challenge(challenge);
        if as_other {
            // Otherwise the provider would sign in the same account again without asking.
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (url, state, nonce) = request.url();
        Ok(Authorization {
            url,
            state,
            nonce,
            verifier,
        })
    }

    /// Exchanges a code for the claims about its owner.
    ///
    /// # Errors
    /// See [`SignInFailure`].
    pub async fn claims(
        &self,
        settings: &Settings,
        code: String,
        verifier: String,
        nonce: String,
    ) -> Result<Claims, SignInFailure> {
        let metadata = self.metadata(settings, METADATA_MAX_AGE).await?;
        let oidc = client(settings, &metadata);
        let request = oidc
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| SignInFailure::Down(error.into()))?;
        let answer = request
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&settings.transport)
            .await;
        let tokens = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => {
                SignInFailure::Refused(anyhow!(error).context("the provider rejected the code"))
            }
            error => SignInFailure::Down(anyhow!(error).context("cannot exchange the code")),
        })?;
        let token = tokens
            .id_token()
            .ok_or_else(|| SignInFailure::Down(anyhow!("the provider sent no ID token")))?;
        let nonce = Nonce::new(nonce);
        let verified = match verify(&oidc, token, &nonce) {
            // Providers change their keys without notice.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let newest = self.metadata(settings, MIN_DISCOVERY_INTERVAL).await?;
                verify(&client(settings, &newest), token, &nonce)
            }
            verified => verified,
        };
        let verified = verified.map_err(|error| {
            SignInFailure::Refused(anyhow!(error).context("the ID token is not valid"))
        })?;
        let mut claims = from_token(&verified);
        if is_incomplete(&claims, settings)
            && let Ok(request) = oidc.user_info(
                tokens.access_token().clone(),
                Some(verified.subject().clone()),
            )
        {
            match request.request_async(&settings.transport).await {
                Ok(more) => complete(&mut claims, more),
                Err(error) if suffices(&claims, settings) => {
                    tracing::warn!("the user info endpoint failed; the name is missing: {error}");
                }
                Err(error) => {
                    let error = anyhow!(error).context("the user info endpoint failed");
                    return Err(SignInFailure::Down(error));
                }
            }
        }
        Ok(claims)
    }

    /// Discovers the provider.
    ///
    /// # Errors
    /// [`SignInFailure::Down`].
    pub async fn check(&self, settings: &Settings) -> Result<(), SignInFailure> {
        self.metadata(settings, METADATA_MAX_AGE).await.map(|_| ())
    }

    /// The address at which people sign out of the provider, if it has one.
    pub async fn end_session_url(&self, settings: &Settings) -> Option<Url> {
        let metadata = self.metadata(settings, METADATA_MAX_AGE).await.ok()?;
        let endpoint = metadata
            .additional_metadata()
            .end_session_endpoint
            .clone()?;
        let request = LogoutRequest::from(endpoint)
            .set_client_id(settings.client_id.clone())
            .set_post_logout_redirect_uri(settings.signed_out.clone());
        Some(request.http_get_url())
    }

    /// The provider's metadata, no older than `at_most` unless the provider does not respond now.
    async fn metadata(
        &self,
        settings: &Settings,
        at_most: Duration,
    ) -> Result<Arc<ProviderMetadataWithLogout>, SignInFailure> {
        let mut known = self.0.lock().await;
        let enough = if known.metadata.is_some() {
            at_most
        } else {
            MIN_DISCOVERY_INTERVAL
        };
        if known.asked.is_none_or(|asked| asked.elapsed() >= enough) {
            let found = ProviderMetadataWithLogout::discover_async(
                settings.issuer.clone(),
                &settings.transport,
            )
            .await;
            known.asked = Some(Instant::now());
            match found {
                Ok(metadata) => known.metadata = Some(Arc::new(metadata)),
                Err(error) => {
                    let error = anyhow!(error).context("cannot discover the sign-in provider");
                    if known.metadata.is_none() {
                        return Err(SignInFailure::Down(error));
                    }
                    tracing::warn!("{error:#}; using the metadata from before");
                }
            }
        }
        known
            .metadata
            .clone()
            .context("the sign-in provider did not respond a moment ago")
            .map_err(SignInFailure::Down)
    }
}

fn client(settings: &Settings, metadata: &ProviderMetadataWithLogout) -> OidcClient {
    let ways = metadata.token_endpoint_auth_methods_supported();
    // The standard's default, unless the metadata says otherwise.
    let basic = ways.is_none_or(|ways| ways.contains(&CoreClientAuthMethod::ClientSecretBasic));
    OidcClient::from_provider_metadata(
        metadata.clone(),
        settings.client_id.clone(),
        settings.client_secret(),
    )
    .set_redirect_uri(settings.callback.clone())
    .set_auth_type(if basic {
        AuthType::BasicAuth
    } else {
        AuthType::RequestBody
    })
}

type Verified = IdTokenClaims<Others, CoreGenderClaim>;

/// Verifies signature, issuer, audience, time and nonce.
fn verify(
    client: &OidcClient,
    token: &Token,
    nonce: &Nonce,
) -> Result<Verified, ClaimsVerificationError> {
    token
        .clone()
        .into_claims(&client.id_token_verifier(), nonce)
}

fn from_token(token: &Verified) -> Claims {
    let name = token.name().and_then(|names| names.get(None));
    Claims {
        subject: token.subject().to_string(),
        name: name
            .map(|name| name.to_string())
            .or_else(|| token.preferred_username().map(|name| name.to_string())),
        email: token.email().map(|email| email.to_string()),
        email_verified: token.email_verified(),
        others: token.additional_claims().0.clone(),
    }
}

/// Many providers send the remaining claims only from the user info endpoint.
fn is_incomplete(claims: &Claims, settings: &Settings) -> bool {
    claims.name.is_none() || !suffices(claims, settings)
}

/// True when the claims suffice for the allow list; a name is only shown.
fn suffices(claims: &Claims, settings: &Settings) -> bool {
    let no_email = settings.allowed.needs_email() && claims.email.is_none();
    let groups = settings.allowed.needs_groups();
    let no_groups = groups.is_some_and(|claim| !claims.others.contains_key(claim));
    !no_email && !no_groups
}

fn complete(claims: &mut Claims, more: UserInfoClaims<Others, CoreGenderClaim>) {
    let name = more.name().and_then(|names| names.get(None));
    claims.name = claims
        .name
        .take()
        .or_else(|| name.map(|name| name.to_string()));
    // An address and its verification belong together.
    if claims.email.is_none() {
        claims.email = more.email().map(|email| email.to_string());
        claims.email_verified = more.email_verified();
    }
    for (claim, value) in more.additional_claims().0.clone() {
        claims.others.entry(claim).or_insert(value);
    }
}

impl SignInFailure {
    /// The status of the response.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Down(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// The reason for the audit log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Down(_) => "the provider does not respond",
            Self::Refused(_) => "not confirmed by the provider",
        }
    }
}

//! Microsoft Entra ID: the first identity of this machine or its user that provides a token.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use tokio::time::timeout;

use crate::server::environment::Environment;

/// A machine without a managed identity does not respond at all.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The identities in the environment.
pub struct Entra {
    client_id: Option<String>,
    tenant_id: Option<String>,
    token_file: Option<PathBuf>,
}

impl Entra {
    pub fn of(environment: &Environment) -> Self {
        Self {
            client_id: environment.text(&["AZURE_CLIENT_ID"]),
            tenant_id: environment.text(&["AZURE_TENANT_ID"]),
            token_file: environment
                .text(&["AZURE_FEDERATED_TOKEN_FILE"])
                .map(PathBuf::from),
        }
    }

    /// The workload identity if its variables are set, and no other then; or else the managed identity of the
    /// machine or the identity of the developer's tools.
    pub fn credential(&self) -> Arc<dyn TokenCredential> {
        let workload = self.token_file.as_ref().map(|file| {
            let options = WorkloadIdentityCredentialOptions {
                client_id: self.client_id.clone(),
                tenant_id: self.tenant_id.clone(),
                token_file_path: Some(file.clone()),
                ..Default::default()
            };
            vec![WorkloadIdentityCredential::new(Some(options)).map(|made| made as _)]
        });
        let credentials = workload.unwrap_or_else(|| {
            let options = ManagedIdentityCredentialOptions {
                user_assigned_id: self.client_id.clone().map(UserAssignedId::ClientId),
                ..Default::default()
            };
            vec![
                ManagedIdentityCredential::new(Some(options)).map(|made| made as _),
                DeveloperToolsCredential::new(None).map(|made| made as _),
            ]
        });
        Arc::new(CredentialChain {
            credentials,
            found: OnceLock::new(),
        })
    }
}

/// Tries identities in turn and keeps the first that provides a token.
#[derive(Debug)]
struct CredentialChain {
    credentials: Vec<azure_core::Result<Arc<dyn TokenCredential>>>,
    found: OnceLock<usize>,
}

#[async_trait]
impl TokenCredential for CredentialChain {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let mut reasons = Vec::new();
        for (number, credential) in self.credentials.iter().enumerate() {
            if self.found.get().is_some_and(|found| *found != number) {
                continue;
            }
            let credential = match credential {
                Ok(credential) => credential,
                Err(error) => {
                    reasons.push(error.to_string());
                    continue;
                }
            };
            match timeout(MAX_WAIT, credential.get_token(scopes, options.clone())).await {
                Ok(Ok(token)) => {
                    self.found.get_or_init(|| number);
                    return Ok(token);
                }
                Ok(Err(error)) => reasons.push(error.to_string()),
                Err(_) => reasons.push("no response".to_owned()),
            }
        }
        let message = reasons.join("; ");
        Err(azure_core::Error::with_message(
            ErrorKind::Credential,
            message,
        ))
    }
}

#[cfg(test)]
mod tests {
    use azure_core::time::OffsetDateTime;

    use super::*;

    #[derive(Debug)]
    struct Gives(Option<&'static str>);

    #[async_trait]
    impl TokenCredential for Gives {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            let refused = || azure_core::Error::with_message(ErrorKind::Credential, "not here");
            let token = self.0.ok_or_else(refused)?;
            Ok(AccessToken::new(token, OffsetDateTime::now_utc()))
        }
    }

    #[tokio::test]
    async fn the_first_identity_that_provides_a_token_is_kept() {
        let credential = |token| Ok(Arc::new(Gives(token)) as Arc<dyn TokenCredential>);
        let first = CredentialChain {
            credentials: vec![
                credential(None),
                credential(Some("second")),
                credential(Some("third")),
            ],
            found: OnceLock::new(),
        };
        for _ in 0..2 {
            let token = first.get_token(&["scope"], None).await.expect("a token");
            assert_eq!(token.token.secret(), "second");
        }
        assert_eq!(first.found.get(), Some(&1));
        let none = CredentialChain {
            credentials: vec![credential(None)],
            found: OnceLock::new(),
        };
        let error = none.get_token(&["scope"], None).await.expect_err("none");
        assert!(error.to_string().contains("not here"));
    }
}

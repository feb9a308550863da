//! The seam to the cloud, answered by a mock-host.
//! Above: `capability::aws`. Below: `mock_host`.
//! Invariant: nothing is decided here; each function hands on its arguments and brings back the answer.

use super::error::CallError;
use super::mock_host::{Handles, Instance, MockHost};
use crate::backend::{AwsBackend, PrivateKey, Session, SessionSource, unsupported};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use crate::bindings::mock::MockHostPlugin as Bound;
use crate::bindings::writable_mock::WritableMockHostPlugin as Writable;
use wasmtime::component::Resource;
use wasmtime::{Result, Store};

type State = super::state::State;

/// A crash of the simulation, as an error of the call that met it.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn crashed(error: CallError) -> Error {
    Error {
        class: ErrorClass::Internal,
        code: "mock-host".into(),
        message: format!("the mock-host failed: {error}"),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

/// One call with a session: clones what it needs, since the call may outlive the caller.
macro_rules! ask {
    ($mock:expr, $session:expr, [$($kept:ident),*], |$store:ident, $guest:ident, $handle:ident| $call:expr) => {{
        let session = $session.clone();
        $(let $kept = $kept.to_owned();)*
        let answer = $mock.turn(move |instance: &mut Instance| {
            Box::pin(instance.call_as(
                session,
                async move |$store: &mut Store<State>, $guest: &Bound, $handle: Resource<Session>| $call.await,
            ))
        });
        answer.await.map_err(crashed)?
    }};
}

/// One write, with a session and perhaps a key.
macro_rules! act {
    ($mock:expr, $operation:literal, $session:expr, $key:expr, [$($kept:ident),*], |$store:ident, $guest:ident, $handles:ident| $call:expr) => {{
        let (session, key) = ($session.clone(), $key);
        $(let $kept = $kept.to_owned();)*
        let answer = $mock.turn(move |instance: &mut Instance| {
            Box::pin(instance.write_as(
                session,
                key,
                async move |$store: &mut Store<State>, $guest: &Writable, $handles: Handles| $call.await,
            ))
        });
        answer.await.map_err(crashed)?.ok_or_else(|| unsupported($operation))?
    }};
}

#[async_trait::async_trait]
impl AwsBackend for MockHost {
    fn is_mock(&self) -> bool {
        true
    }

    async fn get_caller_identity(&self, session: &Session) -> Result<aws::CallerIdentity, Error> {
        ask!(self, session, [], |store, guest, handle| guest
            .sensor_mock_sts()
            .call_get_caller_identity(store, handle))
    }

    async fn assume_role(
        &self,
        session: &Session,
        request: &aws::AssumeRoleRequest,
    ) -> Result<Session, Error> {
        let role = ask!(self, session, [request], |store, guest, handle| guest
            .sensor_mock_sts()
            .call_assume_role(store, handle, &request))?;
        let expires = Some(role.expires_at);
        Ok(Session::new(
            role.account,
            role.arn,
            role.partition,
            SessionSource::Mock,
            true,
            expires,
        ))
    }

    async fn describe_organization(&self, session: &Session) -> Result<aws::Organization, Error> {
        ask!(self, session, [], |store, guest, handle| guest
            .sensor_aws_organizations()
            .call_describe_organization(store, handle))
    }

    async fn describe_account(&self, session: &Session, id: &str) -> Result<aws::Account, Error> {
        ask!(self, session, [id], |store, guest, handle| guest
            .sensor_aws_organizations()
            .call_describe_account(store, handle, &id))
    }

    async fn list_accounts(
        &self,
        session: &Session,
        next: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        let next = next.map(str::to_owned);
        ask!(self, session, [next], |store, guest, handle| guest
            .sensor_aws_organizations()
            .call_list_accounts(store, handle, next.as_deref()))
    }

    async fn list_roots(
        &self,
        session: &Session,
        next: Option<&str>,
    ) -> Result<aws::RootPage, Error> {
        let next = next.map(str::to_owned);
        ask!(self, session, [next], |store, guest, handle| guest
            .sensor_aws_organizations()
            .call_list_roots(store, handle, next.as_deref()))
    }

    async fn list_organizational_units_for_parent(
        &self,
        session: &Session,
        parent: &str,
        next: Option<&str>,
    ) -> Result<aws::OrganizationalUnitPage, Error> {
        let next = next.map(str::to_owned);
        ask!(self, session, [parent, next], |store, guest, handle| guest
            .sensor_aws_organizations()
            .call_list_organizational_units_for_parent(
                store,
                handle,
                &parent,
                next.as_deref()
            ))
    }

    async fn list_accounts_for_parent(
        &self,
        session: &Session,
        parent: &str,
        next: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        let next = next.map(str::to_owned);
        ask!(self, session, [parent, next], |store, guest, handle| guest
            .sensor_aws_organizations()
            .call_list_accounts_for_parent(
                store,
                handle,
                &parent,
                next.as_deref()
            ))
    }

    async fn list_regions(
        &self,
        session: &Session,
        request: &aws::ListRegionsRequest,
    ) -> Result<aws::RegionPage, Error> {
        ask!(self, session, [request], |store, guest, handle| guest
            .sensor_aws_account()
            .call_list_regions(store, handle, &request))
    }

    async fn list_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        ask!(self, session, [region, request], |store, guest, handle| {
            guest
                .sensor_aws_acm()
                .call_list_certificates(store, handle, &region, &request)
        })
    }

    async fn search_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::SearchCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        ask!(self, session, [region, request], |store, guest, handle| {
            guest
                .sensor_aws_acm()
                .call_search_certificates(store, handle, &region, &request)
        })
    }

    async fn describe_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateDetail, Error> {
        ask!(self, session, [region, arn], |store, guest, handle| guest
            .sensor_aws_acm()
            .call_describe_certificate(store, handle, &region, &arn))
    }

    async fn get_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateBody, Error> {
        ask!(self, session, [region, arn], |store, guest, handle| guest
            .sensor_aws_acm()
            .call_get_certificate(store, handle, &region, &arn))
    }

    async fn list_tags_for_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error> {
        ask!(self, session, [region, arn], |store, guest, handle| guest
            .sensor_aws_acm()
            .call_list_tags_for_certificate(store, handle, &region, &arn))
    }

    async fn list_secrets(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListSecretsRequest,
    ) -> Result<aws::SecretPage, Error> {
        ask!(self, session, [region, request], |store, guest, handle| {
            guest
                .sensor_aws_secrets_manager()
                .call_list_secrets(store, handle, &region, &request)
        })
    }

    async fn describe_secret(
        &self,
        session: &Session,
        region: &str,
        secret: &str,
    ) -> Result<aws::SecretDescription, Error> {
        ask!(self, session, [region, secret], |store, guest, handle| {
            guest
                .sensor_aws_secrets_manager()
                .call_describe_secret(store, handle, &region, &secret)
        })
    }

    async fn import_certificate(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ImportCertificateRequest,
        key: &PrivateKey,
    ) -> Result<String, Error> {
        let key = Some(key.clone());
        act!(
            self,
            "acm:ImportCertificate",
            session,
            key,
            [region, request],
            |store, guest, handles| guest.sensor_aws_acm_write().call_import_certificate(
                store,
                handles.session,
                &region,
                &request,
                handles.key.ok_or_else(no_key)?
            )
        )
    }

    async fn add_tags_to_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
        tags: &[Tag],
    ) -> Result<(), Error> {
        act!(
            self,
            "acm:AddTagsToCertificate",
            session,
            None,
            [region, arn, tags],
            |store, guest, handles| guest.sensor_aws_acm_write().call_add_tags_to_certificate(
                store,
                handles.session,
                &region,
                &arn,
                &tags
            )
        )
    }

    async fn delete_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<(), Error> {
        act!(
            self,
            "acm:DeleteCertificate",
            session,
            None,
            [region, arn],
            |store, guest, handles| guest.sensor_aws_acm_write().call_delete_certificate(
                store,
                handles.session,
                &region,
                &arn
            )
        )
    }

    async fn create_secret(
        &self,
        session: &Session,
        region: &str,
        request: &aws::CreateSecretRequest,
        sealed: &str,
    ) -> Result<String, Error> {
        act!(
            self,
            "secretsmanager:CreateSecret",
            session,
            None,
            [region, request, sealed],
            |store, guest, handles| guest.sensor_mock_secret_values().call_create_secret(
                store,
                handles.session,
                &region,
                &request,
                &sealed
            )
        )
    }

    async fn get_secret_value(
        &self,
        session: &Session,
        region: &str,
        secret: &str,
    ) -> Result<String, Error> {
        act!(
            self,
            "secretsmanager:GetSecretValue",
            session,
            None,
            [region, secret],
            |store, guest, handles| guest.sensor_mock_secret_values().call_get_secret_value(
                store,
                handles.session,
                &region,
                &secret
            )
        )
    }

    async fn delete_secret(
        &self,
        session: &Session,
        region: &str,
        secret: &str,
    ) -> Result<(), Error> {
        act!(
            self,
            "secretsmanager:DeleteSecret",
            session,
            None,
            [region, secret],
            |store, guest, handles| guest.sensor_mock_secret_values().call_delete_secret(
                store,
                handles.session,
                &region,
                &secret
            )
        )
    }
}

/// A fault of this file.
fn no_key() -> wasmtime::Error {
    wasmtime::Error::msg("no key was lent for this call")
}

//! The seam to the cloud, answered by a mock-host.
//! Above: `capability::aws`. Below: `mock_host`.
//! Invariant: nothing is decided here; each function hands on its arguments and brings back the answer.

use super::error::CallError;
use super::mock_host::{Instance, MockHost};
use crate::backend::{AwsBackend, Session, SessionSource};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use crate::bindings::mock::MockHostPlugin as Bound;
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
}

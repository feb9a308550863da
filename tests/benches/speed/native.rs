//! The capabilities outside the sandbox: the same policy layer that a component calls, called directly.
//! Above: `outside` runs the connector crate upon it. Below: `sensor::capability`, `twin`.
//! Invariant: everything below the sandbox's wall is what production runs; only the wall is missing.

use sensor::backend;
use sensor::bindings::connector::sensor::core::types::Error as HostError;
use sensor::capability::aws::AwsCapability;
use sensor::model::id::ConnectorId;
use sensor::model::time::Clock;
use sensor::store::Inventory;
use sensor_sdk::host::{Aws, Host, Session};
use sensor_sdk::types::aws::{
    Account, AccountPage, AssumeRoleRequest, CallerIdentity, CertificateBody, CertificateDetail,
    CertificatePage, ListCertificatesRequest, ListRegionsRequest, ListSecretsRequest, Organization,
    OrganizationalUnitPage, RegionPage, RootPage, SearchCertificatesRequest, SecretDescription,
    SecretPage,
};
use sensor_sdk::types::batch::{CertificateAnswer, CertificateWish};
use sensor_sdk::types::{Error, Level, Marker, Tag, Timestamp};
use sensor_tests::simulated::twin::Twin;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What a connector is lent, without a wall between.
pub(crate) struct Native<'a> {
    /// Of one thread, so that a call costs no change of threads: as little as natively possible.
    pub(crate) runtime: &'a Runtime,
    pub(crate) aws: Arc<AwsCapability>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: &'a str,
    pub(crate) inventory: &'a Inventory,
    pub(crate) connector: &'a ConnectorId,
}

impl Native<'_> {
    fn wait<A: Twin<B>, B>(
        &self,
        call: impl Future<Output = Result<A, HostError>>,
    ) -> Result<B, Error> {
        self.runtime.block_on(call).twin()
    }
}

/// A session without a handle.
pub(crate) struct Direct(backend::Session);

impl Session for Direct {
    fn account(&self) -> String {
        self.0.account().to_owned()
    }
    fn principal(&self) -> String {
        self.0.principal().to_owned()
    }
    fn partition(&self) -> String {
        self.0.partition().to_owned()
    }
}

impl Host for Native<'_> {
    fn settings(&self) -> String {
        self.settings.to_owned()
    }
    fn log(&self, level: Level, message: &str) {
        tracing::debug!(?level, "{message}");
    }
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
    fn sleep(&self, ms: u32) {
        let pause = std::time::Duration::from_millis(ms.into());
        self.runtime.block_on(self.clock.sleep(pause));
    }
    fn markers(&self, ids: &[String]) -> Vec<Option<Marker>> {
        let known = self.inventory.markers(self.connector, ids);
        let known = known.unwrap_or_else(|_| vec![None; ids.len()]);
        let marker = |known: sensor::store::Marker| Marker {
            value: known.value,
            read_at: known.read_at,
        };
        known.into_iter().map(|known| known.map(marker)).collect()
    }
}

impl Aws for Native<'_> {
    type Session = Direct;

    fn base(&self) -> Result<Direct, Error> {
        Ok(Direct(self.aws.base().clone()))
    }
    fn get_caller_identity(&self, session: &Direct) -> Result<CallerIdentity, Error> {
        self.wait(self.aws.get_caller_identity(&session.0))
    }
    fn assume_role(&self, session: &Direct, request: &AssumeRoleRequest) -> Result<Direct, Error> {
        let assumed = self.aws.assume_role(&session.0, request.clone().twin());
        self.runtime
            .block_on(assumed)
            .map(Direct)
            .map_err(Twin::twin)
    }
    fn describe_organization(&self, session: &Direct) -> Result<Organization, Error> {
        self.wait(self.aws.describe_organization(&session.0))
    }
    fn describe_account(&self, session: &Direct, id: &str) -> Result<Account, Error> {
        self.wait(self.aws.describe_account(&session.0, id))
    }
    fn list_accounts(&self, session: &Direct, next: Option<&str>) -> Result<AccountPage, Error> {
        self.wait(self.aws.list_accounts(&session.0, next))
    }
    fn list_roots(&self, session: &Direct, next: Option<&str>) -> Result<RootPage, Error> {
        self.wait(self.aws.list_roots(&session.0, next))
    }
    fn list_organizational_units_for_parent(
        &self,
        session: &Direct,
        parent: &str,
        next: Option<&str>,
    ) -> Result<OrganizationalUnitPage, Error> {
        self.wait(
            self.aws
                .list_organizational_units_for_parent(&session.0, parent, next),
        )
    }
    fn list_accounts_for_parent(
        &self,
        session: &Direct,
        parent: &str,
        next: Option<&str>,
    ) -> Result<AccountPage, Error> {
        self.wait(self.aws.list_accounts_for_parent(&session.0, parent, next))
    }
    fn list_regions(
        &self,
        session: &Direct,
        request: &ListRegionsRequest,
    ) -> Result<RegionPage, Error> {
        let request = request.clone().twin();
        self.wait(self.aws.list_regions(&session.0, &request))
    }
    fn list_certificates(
        &self,
        session: &Direct,
        region: &str,
        request: &ListCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        let request = request.clone().twin();
        self.wait(self.aws.list_certificates(&session.0, region, &request))
    }
    fn search_certificates(
        &self,
        session: &Direct,
        region: &str,
        request: &SearchCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        let request = request.clone().twin();
        self.wait(self.aws.search_certificates(&session.0, region, &request))
    }
    fn describe_certificate(
        &self,
        session: &Direct,
        region: &str,
        arn: &str,
    ) -> Result<CertificateDetail, Error> {
        self.wait(self.aws.describe_certificate(&session.0, region, arn))
    }
    fn get_certificate(
        &self,
        session: &Direct,
        region: &str,
        arn: &str,
    ) -> Result<CertificateBody, Error> {
        self.wait(self.aws.get_certificate(&session.0, region, arn))
    }
    fn list_tags_for_certificate(
        &self,
        session: &Direct,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error> {
        self.wait(self.aws.list_tags_for_certificate(&session.0, region, arn))
    }
    fn list_secrets(
        &self,
        session: &Direct,
        region: &str,
        request: &ListSecretsRequest,
    ) -> Result<SecretPage, Error> {
        let request = request.clone().twin();
        self.wait(self.aws.list_secrets(&session.0, region, &request))
    }
    fn describe_secret(
        &self,
        session: &Direct,
        region: &str,
        id: &str,
    ) -> Result<SecretDescription, Error> {
        self.wait(self.aws.describe_secret(&session.0, region, id))
    }
    fn fetch_certificates(
        &self,
        session: &Direct,
        region: &str,
        wishes: &[CertificateWish],
    ) -> Vec<CertificateAnswer> {
        let wishes: Vec<_> = wishes.to_vec().twin();
        let asked = self.aws.fetch_certificates(&session.0, region, &wishes);
        self.runtime.block_on(asked).twin()
    }
    fn assume_roles(
        &self,
        session: &Direct,
        requests: &[AssumeRoleRequest],
    ) -> Vec<Result<Direct, Error>> {
        let asked = self.aws.assume_roles(&session.0, requests.to_vec().twin());
        let assumed = self.runtime.block_on(asked).into_iter();
        assumed
            .map(|one| one.map(Direct).map_err(Twin::twin))
            .collect()
    }
    fn list_regions_of(
        &self,
        asked: &[(&Direct, ListRegionsRequest)],
    ) -> Vec<Result<RegionPage, Error>> {
        let asked: Vec<_> = asked
            .iter()
            .map(|(session, request)| (session.0.clone(), request.clone().twin()))
            .collect();
        self.runtime
            .block_on(self.aws.list_regions_of(&asked))
            .twin()
    }
}

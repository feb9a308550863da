//! One operation a line, from the SDK's trait to the simulated AWS.

use super::{Cloud, Handle};
use mock_aws::{Caller, Fault, Import, NewSecret, Op, SecretDeletion, SecretValue, World};
use sensor_sdk::fake::FakeKey;
use sensor_sdk::host::{Aws, AwsWrite};
use sensor_sdk::types::aws::{
    Account, AccountPage, AssumeRoleRequest, CallerIdentity, CertificateBody, CertificateDetail,
    CertificatePage, CreateSecretRequest, ImportCertificateRequest, ListCertificatesRequest,
    ListRegionsRequest, ListSecretsRequest, Organization, OrganizationalUnitPage, RegionPage,
    RootPage, SearchCertificatesRequest, SecretDescription, SecretPage,
};
use sensor_sdk::types::{Error, ErrorClass, Tag};

impl Aws for Cloud {
    type Session = Handle;

    fn base(&self) -> Result<Handle, Error> {
        let world = self.world.borrow();
        Ok(Handle {
            caller: world.base(),
            partition: world.identity().partition.clone(),
        })
    }
    fn get_caller_identity(&self, session: &Handle) -> Result<CallerIdentity, Error> {
        self.call(("GetCallerIdentity", session, "", ""), |w, now, who| {
            w.get_caller_identity(now, who)
        })
    }
    fn assume_role(&self, session: &Handle, request: &AssumeRoleRequest) -> Result<Handle, Error> {
        let operation = ("AssumeRole", session, "", request.role_arn.as_str());
        let role = self.call(operation, |w, now, who| {
            w.assume_role(now, who, None, request)
        })?;
        Ok(Handle {
            partition: role.partition.clone(),
            caller: role.into(),
        })
    }
    fn describe_organization(&self, session: &Handle) -> Result<Organization, Error> {
        self.call(("DescribeOrganization", session, "", ""), |w, now, who| {
            w.describe_organization(now, who)
        })
    }
    fn describe_account(&self, session: &Handle, id: &str) -> Result<Account, Error> {
        self.call(("DescribeAccount", session, "", id), |w, now, who| {
            w.describe_account(now, who, id)
        })
    }
    fn list_accounts(&self, session: &Handle, next: Option<&str>) -> Result<AccountPage, Error> {
        self.call(("ListAccounts", session, "", ""), |w, now, who| {
            w.list_accounts(now, who, None, next)
        })
    }
    fn list_roots(&self, session: &Handle, next: Option<&str>) -> Result<RootPage, Error> {
        self.call(("ListRoots", session, "", ""), |w, now, who| {
            w.list_roots(now, who, None, next)
        })
    }
    fn list_organizational_units_for_parent(
        &self,
        session: &Handle,
        parent: &str,
        next: Option<&str>,
    ) -> Result<OrganizationalUnitPage, Error> {
        self.call(
            ("ListOrganizationalUnitsForParent", session, "", parent),
            |w, now, who| w.list_organizational_units_for_parent(now, who, parent, None, next),
        )
    }
    fn list_accounts_for_parent(
        &self,
        session: &Handle,
        parent: &str,
        next: Option<&str>,
    ) -> Result<AccountPage, Error> {
        self.call(
            ("ListAccountsForParent", session, "", parent),
            |w, now, who| w.list_accounts_for_parent(now, who, parent, None, next),
        )
    }
    fn list_regions(
        &self,
        session: &Handle,
        request: &ListRegionsRequest,
    ) -> Result<RegionPage, Error> {
        let subject = request.account_id.as_deref().unwrap_or_default();
        self.call(("ListRegions", session, "", subject), |w, now, who| {
            w.list_regions(now, who, None, request)
        })
    }
    fn list_certificates(
        &self,
        session: &Handle,
        region: &str,
        request: &ListCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        self.call(("ListCertificates", session, region, ""), |w, now, who| {
            w.list_certificates(now, who, region, request)
        })
    }
    fn search_certificates(
        &self,
        session: &Handle,
        region: &str,
        request: &SearchCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        self.call(
            ("SearchCertificates", session, region, ""),
            |w, now, who| w.search_certificates(now, who, region, request),
        )
    }
    fn describe_certificate(
        &self,
        session: &Handle,
        region: &str,
        arn: &str,
    ) -> Result<CertificateDetail, Error> {
        self.call(
            ("DescribeCertificate", session, region, arn),
            |w, now, who| w.describe_certificate(now, who, region, arn),
        )
    }
    fn get_certificate(
        &self,
        session: &Handle,
        region: &str,
        arn: &str,
    ) -> Result<CertificateBody, Error> {
        self.call(("GetCertificate", session, region, arn), |w, now, who| {
            w.get_certificate(now, who, region, arn)
        })
    }
    fn list_tags_for_certificate(
        &self,
        session: &Handle,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error> {
        self.call(
            ("ListTagsForCertificate", session, region, arn),
            |w, now, who| w.list_tags_for_certificate(now, who, region, arn),
        )
    }
    fn list_secrets(
        &self,
        session: &Handle,
        region: &str,
        request: &ListSecretsRequest,
    ) -> Result<SecretPage, Error> {
        self.call(("ListSecrets", session, region, ""), |w, now, who| {
            w.list_secrets(now, who, region, request)
        })
    }
    fn describe_secret(
        &self,
        session: &Handle,
        region: &str,
        id: &str,
    ) -> Result<SecretDescription, Error> {
        self.call(("DescribeSecret", session, region, id), |w, now, who| {
            w.describe_secret(now, who, region, id)
        })
    }
}

impl Cloud {
    /// One write: a call whose answer may be lost after it was done, and which is not tried again if that could do it
    /// twice.
    fn write<T>(
        &self,
        (name, session, region, subject): (&str, &Handle, &str, &str),
        once: bool,
        attempt: impl FnOnce(&mut World, i64, &Caller) -> Result<T, Fault> + Clone,
    ) -> Result<T, Error> {
        let op: Op = name.parse().expect("an operation");
        let mut left = self.retries.get();
        loop {
            let entry = [name, &session.caller.account, region, subject].map(str::to_owned);
            self.calls.borrow_mut().push(entry.into());
            let (mut world, now) = (self.world.borrow_mut(), self.clock.get());
            let way = world.transport(now, &session.caller, region, op);
            let answer = attempt.clone()(&mut world, now, &session.caller);
            let fault = match answer {
                Ok(_) if way.damage.is_some() => Fault::new(
                    ErrorClass::Transient,
                    500,
                    "connection-reset",
                    "the connection ended without an answer",
                ),
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            let again = fault.class == ErrorClass::Throttled
                || (fault.class == ErrorClass::Transient && !once);
            if !again || left == 0 {
                return Err(fault.into());
            }
            left -= 1;
            self.pass(1000);
        }
    }
}

/// What the sensor seals, as far as a simulation needs it.
fn sealed(key: &FakeKey) -> String {
    let hex: Vec<String> = key
        .public_key
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sealed {} {}", key.algorithm, hex.concat())
}

fn unsealed(text: &str) -> FakeKey {
    let mut words = text.split(' ').skip(1);
    let mut word = || words.next().expect("a word");
    let (algorithm, hex) = (word().to_owned(), word());
    let octet = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    FakeKey {
        algorithm,
        public_key: (0..hex.len()).step_by(2).map(octet).collect(),
    }
}

impl AwsWrite for Cloud {
    type PrivateKey = FakeKey;

    fn import_certificate(
        &self,
        session: &Handle,
        region: &str,
        request: &ImportCertificateRequest,
        key: &FakeKey,
    ) -> Result<String, Error> {
        let subject = request.arn.as_deref().unwrap_or_default();
        let import = Import {
            arn: request.arn.as_deref(),
            certificate: &request.certificate,
            chain: request.chain.as_deref(),
            key: Ok(key.public_key.clone()),
            key_length: None,
            tags: &request.tags,
        };
        let once = request.arn.is_none();
        self.write(
            ("ImportCertificate", session, region, subject),
            once,
            |w, now, who| w.import_certificate(now, who, region, &import),
        )
    }
    fn add_tags_to_certificate(
        &self,
        session: &Handle,
        region: &str,
        arn: &str,
        tags: &[Tag],
    ) -> Result<(), Error> {
        self.write(
            ("AddTagsToCertificate", session, region, arn),
            false,
            |w, now, who| w.add_tags_to_certificate(now, who, region, arn, tags),
        )
    }
    fn delete_certificate(&self, session: &Handle, region: &str, arn: &str) -> Result<(), Error> {
        self.write(
            ("DeleteCertificate", session, region, arn),
            false,
            |w, now, who| w.delete_certificate(now, who, region, arn),
        )
    }
    fn create_secret(
        &self,
        session: &Handle,
        region: &str,
        request: &CreateSecretRequest,
        key: &FakeKey,
    ) -> Result<String, Error> {
        let value = sealed(key);
        let new = NewSecret {
            name: &request.name,
            token: Some(&request.client_request_token),
            kms_key_id: request.kms_key_id.as_deref(),
            tags: &request.tags,
            text: Some(&value),
            binary: None,
        };
        self.write(
            ("CreateSecret", session, region, &request.name),
            false,
            |w, now, who| w.create_secret(now, who, region, &new),
        )
        .map(|named| named.arn)
    }
    fn get_secret_value(
        &self,
        session: &Handle,
        region: &str,
        name: &str,
    ) -> Result<FakeKey, Error> {
        let content = self.write(
            ("GetSecretValue", session, region, name),
            false,
            |w, now, who| w.get_secret_value(now, who, region, name),
        )?;
        match content.value {
            SecretValue::Text(text) => Ok(unsealed(&text)),
            SecretValue::Binary(_) => panic!("the sensor seals into text"),
        }
    }
    fn delete_secret(&self, session: &Handle, region: &str, name: &str) -> Result<(), Error> {
        let deletion = SecretDeletion {
            id: name,
            force: true,
            window_days: None,
        };
        self.write(
            ("DeleteSecret", session, region, name),
            false,
            |w, now, who| w.delete_secret(now, who, region, &deletion),
        )
        .map(drop)
    }
}

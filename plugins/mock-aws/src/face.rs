//! The mock-host plugin: the contract's interfaces, each function one line to the model.
//! Above: a host that loaded this component. Below: `World`.
//! Invariant: one world an instance; whoever calls is whom the borrowed handle stands for.
#![allow(unsafe_code, reason = "the generated export glue")]

use crate::{Caller, Damage, Op, Scenario, World};
use sensor_sdk::bindings::connector::sensor::auth::credentials::Session;
use sensor_sdk::bindings::connector::sensor::core::clock;
use sensor_sdk::bindings::mock_host::exports::sensor::aws::{
    account, acm, organizations, secrets_manager,
};
use sensor_sdk::bindings::mock_host::exports::sensor::mock::{control, sts};
use sensor_sdk::types::aws::{
    Account, AccountPage, AssumeRoleRequest, CallerIdentity, CertificateBody, CertificateDetail,
    CertificatePage, ListCertificatesRequest, ListRegionsRequest, ListSecretsRequest, Organization,
    OrganizationalUnitPage, RegionPage, RootPage, SearchCertificatesRequest, SecretDescription,
    SecretPage,
};
use sensor_sdk::types::{Error, ErrorClass, Tag};
use std::cell::RefCell;

mod write;

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

struct Plugin;

sensor_sdk::bindings::mock_host::export_mock_host_world!(Plugin with_types_in sensor_sdk::bindings::mock_host);

fn error(class: ErrorClass, code: &str, message: &str) -> Error {
    Error {
        class,
        code: code.to_owned(),
        message: message.to_owned(),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

fn with_world<T>(run: impl FnOnce(&mut World) -> Result<T, Error>) -> Result<T, Error> {
    WORLD.with_borrow_mut(|world| match world {
        Some(world) => run(world),
        None => Err(error(
            ErrorClass::Config,
            "no-scenario",
            "no scenario is loaded",
        )),
    })
}

/// One call of AWS: takes its time, may come to harm, and is answered by the model.
fn call<T, E: Into<Error>>(
    session: &Session,
    region: &str,
    op: Op,
    run: impl FnOnce(&mut World, i64, &Caller) -> Result<T, E>,
) -> Result<T, Error> {
    let caller = Caller {
        account: session.account(),
        arn: session.principal(),
        access_key: None,
    };
    with_world(|world| {
        let transport = world.transport(clock::now(), &caller, region, op);
        if transport.latency_ms > 0 {
            clock::sleep(u32::try_from(transport.latency_ms).unwrap_or(u32::MAX));
        }
        let answer = run(world, clock::now(), &caller).map_err(Into::into);
        match transport.damage {
            None => answer,
            Some(Damage::Reset) => Err(error(
                ErrorClass::Transient,
                "connection-reset",
                "the connection ended without an answer",
            )),
            Some(Damage::Truncated | Damage::Garbled) => Err(error(
                ErrorClass::InvalidResponse,
                "invalid-response",
                "the answer could not be read",
            )),
        }
    })
}

impl control::Guest for Plugin {
    fn load(scenario: String) -> Result<control::WorldSummary, Error> {
        sensor_sdk::panic::report_panics();
        let wrong = |problems: crate::Problems| {
            error(ErrorClass::Config, "scenario", &problems.to_string())
        };
        let scenario = Scenario::parse(&scenario).map_err(wrong)?;
        let mut world = World::new(&scenario, clock::now()).map_err(wrong)?;
        world.keep_journal();
        let summary = control::WorldSummary {
            name: world.name().to_owned(),
            accounts: world.account_count(),
            certificates: world.certificate_count(),
            virtual_start: world.virtual_start(clock::now()),
        };
        WORLD.set(Some(world));
        Ok(summary)
    }

    fn identity() -> Result<control::BaseIdentity, Error> {
        with_world(|world| {
            let identity = world.identity();
            Ok(control::BaseIdentity {
                account: identity.account,
                arn: identity.arn,
                user_id: identity.user_id,
                partition: identity.partition,
            })
        })
    }

    fn calls() -> Vec<(String, u64)> {
        WORLD.with_borrow(|world| world.as_ref().map(World::calls).unwrap_or_default())
    }
}

impl sts::Guest for Plugin {
    fn get_caller_identity(session: &Session) -> Result<CallerIdentity, Error> {
        call(session, "", Op::GetCallerIdentity, |world, now, caller| {
            world.get_caller_identity(now, caller)
        })
    }

    fn assume_role(
        session: &Session,
        request: AssumeRoleRequest,
    ) -> Result<sts::AssumedRole, Error> {
        let role = call(session, "", Op::AssumeRole, |world, now, caller| {
            world.assume_role(now, caller, None, &request)
        })?;
        Ok(sts::AssumedRole {
            account: role.account,
            arn: role.arn,
            partition: role.partition,
            expires_at: role.expires_at,
        })
    }
}

impl organizations::Guest for Plugin {
    fn describe_organization(session: &Session) -> Result<Organization, Error> {
        call(
            session,
            "",
            Op::DescribeOrganization,
            World::describe_organization,
        )
    }

    fn describe_account(session: &Session, account_id: String) -> Result<Account, Error> {
        call(session, "", Op::DescribeAccount, |world, now, caller| {
            world.describe_account(now, caller, &account_id)
        })
    }

    fn list_accounts(session: &Session, next: Option<String>) -> Result<AccountPage, Error> {
        call(session, "", Op::ListAccounts, |world, now, caller| {
            world.list_accounts(now, caller, None, next.as_deref())
        })
    }

    fn list_roots(session: &Session, next: Option<String>) -> Result<RootPage, Error> {
        call(session, "", Op::ListRoots, |world, now, caller| {
            world.list_roots(now, caller, None, next.as_deref())
        })
    }

    fn list_organizational_units_for_parent(
        session: &Session,
        parent: String,
        next: Option<String>,
    ) -> Result<OrganizationalUnitPage, Error> {
        let op = Op::ListOrganizationalUnitsForParent;
        call(session, "", op, |world, now, caller| {
            world.list_organizational_units_for_parent(now, caller, &parent, None, next.as_deref())
        })
    }

    fn list_accounts_for_parent(
        session: &Session,
        parent: String,
        next: Option<String>,
    ) -> Result<AccountPage, Error> {
        call(
            session,
            "",
            Op::ListAccountsForParent,
            |world, now, caller| {
                world.list_accounts_for_parent(now, caller, &parent, None, next.as_deref())
            },
        )
    }
}

impl account::Guest for Plugin {
    fn list_regions(session: &Session, request: ListRegionsRequest) -> Result<RegionPage, Error> {
        call(session, "", Op::ListRegions, |world, now, caller| {
            world.list_regions(now, caller, None, &request)
        })
    }
}

impl acm::Guest for Plugin {
    fn list_certificates(
        session: &Session,
        region: String,
        request: ListCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        call(
            session,
            &region,
            Op::ListCertificates,
            |world, now, caller| world.list_certificates(now, caller, &region, &request),
        )
    }

    fn search_certificates(
        session: &Session,
        region: String,
        request: SearchCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        call(
            session,
            &region,
            Op::SearchCertificates,
            |world, now, caller| world.search_certificates(now, caller, &region, &request),
        )
    }

    fn describe_certificate(
        session: &Session,
        region: String,
        arn: String,
    ) -> Result<CertificateDetail, Error> {
        call(
            session,
            &region,
            Op::DescribeCertificate,
            |world, now, caller| world.describe_certificate(now, caller, &region, &arn),
        )
    }

    fn get_certificate(
        session: &Session,
        region: String,
        arn: String,
    ) -> Result<CertificateBody, Error> {
        call(
            session,
            &region,
            Op::GetCertificate,
            |world, now, caller| world.get_certificate(now, caller, &region, &arn),
        )
    }

    fn list_tags_for_certificate(
        session: &Session,
        region: String,
        arn: String,
    ) -> Result<Vec<Tag>, Error> {
        call(
            session,
            &region,
            Op::ListTagsForCertificate,
            |world, now, caller| world.list_tags_for_certificate(now, caller, &region, &arn),
        )
    }
}

impl secrets_manager::Guest for Plugin {
    fn list_secrets(
        session: &Session,
        region: String,
        request: ListSecretsRequest,
    ) -> Result<SecretPage, Error> {
        call(session, &region, Op::ListSecrets, |world, now, caller| {
            world.list_secrets(now, caller, &region, &request)
        })
    }

    fn describe_secret(
        session: &Session,
        region: String,
        secret_id: String,
    ) -> Result<SecretDescription, Error> {
        call(
            session,
            &region,
            Op::DescribeSecret,
            |world, now, caller| world.describe_secret(now, caller, &region, &secret_id),
        )
    }
}

//! AWS Organizations by the SDK.
//! Above: `SdkBackend`. Below: aws-sdk-organizations.
//! Invariant: signed for the one region that the partition has for it (fact 33), whatever the session's home is.

use super::error::from_sdk;
use super::{SdkBackend, foreign, place::global_region};
use crate::backend::Session;
use crate::bindings::connector::sensor::aws::types::{
    Account, AccountPage, Organization, OrganizationalUnit, OrganizationalUnitPage, Root, RootPage,
};
use crate::bindings::connector::sensor::core::types::Error;
use aws_sdk_organizations::config::Region;
use aws_sdk_organizations::types;

/// As many as a page may hold (fact 28).
const PAGE: i32 = 20;

fn client(backend: &SdkBackend, session: &Session) -> Result<aws_sdk_organizations::Client, Error> {
    let region = global_region(session.partition());
    let made = backend.organizations.get(session, region, |sdk| {
        let config = aws_sdk_organizations::config::Builder::from(sdk.config())
            .region(Region::from_static(region));
        aws_sdk_organizations::Client::from_conf(config.build())
    });
    made.ok_or_else(foreign)
}

pub(super) async fn describe_organization(
    backend: &SdkBackend,
    session: &Session,
) -> Result<Organization, Error> {
    let answer = client(backend, session)?
        .describe_organization()
        .send()
        .await;
    let found = answer.map_err(|error| from_sdk(error, false))?.organization;
    let found = found.ok_or_else(|| missing("organization"))?;
    Ok(Organization {
        id: found.id.unwrap_or_default(),
        management_account_id: found.master_account_id.unwrap_or_default(),
        feature_set: found
            .feature_set
            .map(|set| set.as_str().to_owned())
            .unwrap_or_default(),
    })
}

pub(super) async fn describe_account(
    backend: &SdkBackend,
    session: &Session,
    id: &str,
) -> Result<Account, Error> {
    let answer = client(backend, session)?
        .describe_account()
        .account_id(id)
        .send()
        .await;
    let found = answer.map_err(|error| from_sdk(error, false))?.account;
    found.map(account).ok_or_else(|| missing("account"))
}

pub(super) async fn list_accounts(
    backend: &SdkBackend,
    session: &Session,
    next: Option<&str>,
) -> Result<AccountPage, Error> {
    let call = client(backend, session)?
        .list_accounts()
        .max_results(PAGE)
        .set_next_token(next.map(str::to_owned));
    let answer = call.send().await.map_err(|error| from_sdk(error, false))?;
    let accounts = answer
        .accounts
        .unwrap_or_default()
        .into_iter()
        .map(account)
        .collect();
    Ok(AccountPage {
        accounts,
        next_token: answer.next_token,
    })
}

pub(super) async fn list_accounts_for_parent(
    backend: &SdkBackend,
    session: &Session,
    parent: &str,
    next: Option<&str>,
) -> Result<AccountPage, Error> {
    let call = client(backend, session)?
        .list_accounts_for_parent()
        .parent_id(parent)
        .max_results(PAGE);
    let answer = call.set_next_token(next.map(str::to_owned)).send().await;
    let answer = answer.map_err(|error| from_sdk(error, false))?;
    let accounts = answer
        .accounts
        .unwrap_or_default()
        .into_iter()
        .map(account)
        .collect();
    Ok(AccountPage {
        accounts,
        next_token: answer.next_token,
    })
}

pub(super) async fn list_roots(
    backend: &SdkBackend,
    session: &Session,
    next: Option<&str>,
) -> Result<RootPage, Error> {
    let call = client(backend, session)?
        .list_roots()
        .max_results(PAGE)
        .set_next_token(next.map(str::to_owned));
    let answer = call.send().await.map_err(|error| from_sdk(error, false))?;
    let roots = answer.roots.unwrap_or_default().into_iter();
    let roots = roots
        .map(|root| Root {
            id: root.id.unwrap_or_default(),
            name: root.name.unwrap_or_default(),
        })
        .collect();
    Ok(RootPage {
        roots,
        next_token: answer.next_token,
    })
}

pub(super) async fn list_units(
    backend: &SdkBackend,
    session: &Session,
    parent: &str,
    next: Option<&str>,
) -> Result<OrganizationalUnitPage, Error> {
    let call = client(backend, session)?
        .list_organizational_units_for_parent()
        .parent_id(parent)
        .max_results(PAGE);
    let answer = call.set_next_token(next.map(str::to_owned)).send().await;
    let answer = answer.map_err(|error| from_sdk(error, false))?;
    let units = answer
        .organizational_units
        .unwrap_or_default()
        .into_iter()
        .map(|unit| OrganizationalUnit {
            id: unit.id.unwrap_or_default(),
            name: unit.name.unwrap_or_default(),
            path: unit.path,
        });
    Ok(OrganizationalUnitPage {
        units: units.collect(),
        next_token: answer.next_token,
    })
}

/// Fact 29: `State`; the removed `Status` only where a partition still says nothing else.
fn account(found: types::Account) -> Account {
    let status = found.status.map(|status| status.as_str().to_owned());
    Account {
        id: found.id.unwrap_or_default(),
        arn: found.arn.unwrap_or_default(),
        name: found.name.unwrap_or_default(),
        email: found.email,
        state: found
            .state
            .map(|state| state.as_str().to_owned())
            .or(status),
        joined_method: found.joined_method.map(|method| method.as_str().to_owned()),
        paths: found.paths.unwrap_or_default(),
    }
}

fn missing(what: &str) -> Error {
    use crate::bindings::connector::sensor::core::types::ErrorClass;
    let message = format!("Organizations answered without an {what}");
    Error {
        class: ErrorClass::InvalidResponse,
        code: "invalid-response".to_owned(),
        message,
        ..foreign()
    }
}

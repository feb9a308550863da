//! AWS Organizations: the organization, its units and accounts.
//! Above: the faces. Below: `world::gate`, `world::page`.
//! Invariant: no page has more than 20 entries, and only the management account and its delegates may list.

use super::gate::Principal;
use super::{Caller, World, refuse};
use crate::estate::Organization as Org;
use crate::fault::Fault;
use crate::op::Op;
use sensor_sdk::types::ErrorClass;
use sensor_sdk::types::aws::{
    Account, AccountPage, Organization, OrganizationalUnit, OrganizationalUnitPage, Root, RootPage,
};

/// The most, and the default.
const PAGE: u32 = 20;

/// Where Organizations answers.
fn home(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// A node of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    Root,
    Unit(usize),
}

impl World {
    /// Organizations DescribeOrganization: any member may ask.
    pub fn describe_organization(
        &mut self,
        now_ms: i64,
        caller: &Caller,
    ) -> Result<Organization, Fault> {
        let (_, org) = self.enter(now_ms, caller, Op::DescribeOrganization)?;
        let (id, management) = (org.id.clone(), org.management);
        Ok(Organization {
            id,
            management_account_id: self.estate.accounts[management].id.clone(),
            feature_set: "ALL".to_owned(),
        })
    }

    /// Organizations DescribeAccount.
    pub fn describe_account(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        account_id: &str,
    ) -> Result<Account, Fault> {
        self.enter_as_admin(now_ms, caller, Op::DescribeAccount)?;
        let text = "You specified an account that doesn't exist.";
        let missing = || Fault::new(ErrorClass::NotFound, 400, "AccountNotFoundException", text);
        let account = self.estate.account(account_id).ok_or_else(missing)?;
        Ok(self.told_account(account))
    }

    /// Organizations ListAccounts.
    pub fn list_accounts(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        max_results: Option<u32>,
        next_token: Option<&str>,
    ) -> Result<AccountPage, Fault> {
        let op = Op::ListAccounts;
        let account = self.enter_as_admin(now_ms, caller, op)?;
        let all: Vec<usize> = (0..self.estate.accounts.len()).collect();
        let limit = limit(max_results)?;
        let (page, next_token) = self.page(
            now_ms,
            (account, home(&self.estate.partition), op),
            &[],
            &all,
            limit,
            next_token,
        )?;
        Ok(AccountPage {
            accounts: page
                .into_iter()
                .map(|index| self.told_account(index))
                .collect(),
            next_token,
        })
    }

    /// Organizations ListRoots.
    pub fn list_roots(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        max_results: Option<u32>,
        next_token: Option<&str>,
    ) -> Result<RootPage, Fault> {
        let op = Op::ListRoots;
        let account = self.enter_as_admin(now_ms, caller, op)?;
        let id = self
            .estate
            .organization
            .as_ref()
            .map(|org| org.root.clone())
            .unwrap_or_default();
        let limit = limit(max_results)?;
        let (page, next_token) = self.page(
            now_ms,
            (account, home(&self.estate.partition), op),
            &[],
            &[id],
            limit,
            next_token,
        )?;
        Ok(RootPage {
            roots: page
                .into_iter()
                .map(|id| Root {
                    id,
                    name: "Root".to_owned(),
                })
                .collect(),
            next_token,
        })
    }

    /// Organizations ListOrganizationalUnitsForParent.
    pub fn list_organizational_units_for_parent(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        parent_id: &str,
        max_results: Option<u32>,
        next_token: Option<&str>,
    ) -> Result<OrganizationalUnitPage, Fault> {
        let op = Op::ListOrganizationalUnitsForParent;
        let account = self.enter_as_admin(now_ms, caller, op)?;
        let parent = self.parent(parent_id)?;
        let units = self.estate.units.iter().enumerate();
        let below: Vec<usize> = units
            .filter(|(_, unit)| is_below(unit.parent, parent))
            .map(|(index, _)| index)
            .collect();
        let limit = limit(max_results)?;
        let (page, next_token) = self.page(
            now_ms,
            (account, home(&self.estate.partition), op),
            &[parent_id],
            &below,
            limit,
            next_token,
        )?;
        let paths = self
            .estate
            .organization
            .as_ref()
            .is_some_and(|org| org.paths);
        let units = page.into_iter().map(|index| OrganizationalUnit {
            id: self.estate.units[index].id.clone(),
            name: self.estate.units[index].name.clone(),
            path: paths.then(|| self.estate.unit_path(Some(index))),
        });
        Ok(OrganizationalUnitPage {
            units: units.collect(),
            next_token,
        })
    }

    /// Organizations ListAccountsForParent.
    pub fn list_accounts_for_parent(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        parent_id: &str,
        max_results: Option<u32>,
        next_token: Option<&str>,
    ) -> Result<AccountPage, Fault> {
        let op = Op::ListAccountsForParent;
        let account = self.enter_as_admin(now_ms, caller, op)?;
        let parent = self.parent(parent_id)?;
        let accounts = self.estate.accounts.iter().enumerate();
        let below: Vec<usize> = accounts
            .filter(|(_, a)| is_below(a.unit, parent))
            .map(|(index, _)| index)
            .collect();
        let limit = limit(max_results)?;
        let (page, next_token) = self.page(
            now_ms,
            (account, home(&self.estate.partition), op),
            &[parent_id],
            &below,
            limit,
            next_token,
        )?;
        Ok(AccountPage {
            accounts: page
                .into_iter()
                .map(|index| self.told_account(index))
                .collect(),
            next_token,
        })
    }

    fn enter(&mut self, now_ms: i64, caller: &Caller, op: Op) -> Result<(Principal, &Org), Fault> {
        let region = home(&self.estate.partition);
        let principal = self.gate(now_ms, caller, region, op)?;
        let text = "Your account is not a member of an organization.";
        let missing = || {
            Fault::new(
                ErrorClass::NotFound,
                400,
                "AWSOrganizationsNotInUseException",
                text,
            )
        };
        let organization = self.estate.organization.as_ref().ok_or_else(missing)?;
        Ok((principal, organization))
    }

    fn enter_as_admin(&mut self, now_ms: i64, caller: &Caller, op: Op) -> Result<usize, Fault> {
        let (principal, organization) = self.enter(now_ms, caller, op)?;
        let account = principal.account;
        if account == organization.management || organization.delegated.contains(&account) {
            return Ok(account);
        }
        Err(refuse::denied(
            op,
            "You don't have permissions to access this resource.",
        ))
    }

    fn parent(&self, id: &str) -> Result<Parent, Fault> {
        if self
            .estate
            .organization
            .as_ref()
            .is_some_and(|org| org.root == id)
        {
            return Ok(Parent::Root);
        }
        let unit = self.estate.units.iter().position(|unit| unit.id == id);
        let text = "You specified parent that doesn't exist.";
        let missing = || Fault::new(ErrorClass::NotFound, 400, "ParentNotFoundException", text);
        unit.map(Parent::Unit).ok_or_else(missing)
    }

    fn told_account(&self, index: usize) -> Account {
        let account = &self.estate.accounts[index];
        let organization = self.estate.organization.as_ref();
        let path = || format!("{}{}/", self.estate.unit_path(account.unit), account.id);
        Account {
            id: account.id.clone(),
            arn: self.estate.account_arn(index),
            name: account.name.clone(),
            email: Some(format!("aws+{}@example.com", account.id)),
            state: organization
                .is_some_and(|org| org.states)
                .then(|| account.state.name().to_owned()),
            joined_method: Some(account.joined.name().to_owned()),
            paths: organization
                .filter(|org| org.paths)
                .map(|_| path())
                .into_iter()
                .collect(),
        }
    }
}

fn is_below(unit: Option<usize>, parent: Parent) -> bool {
    match (unit, parent) {
        (None, Parent::Root) => true,
        (Some(unit), Parent::Unit(parent)) => unit == parent,
        _ => false,
    }
}

fn limit(asked: Option<u32>) -> Result<usize, Fault> {
    let asked = asked.unwrap_or(PAGE);
    if (1..=PAGE).contains(&asked) {
        return Ok(usize::try_from(asked).unwrap_or(1));
    }
    let text = "You provided a value for MaxResults outside 1 to 20 (MAX_VALUE_EXCEEDED).";
    Err(Fault::new(
        ErrorClass::Unsupported,
        400,
        "InvalidInputException",
        text,
    ))
}

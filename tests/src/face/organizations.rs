//! Organizations: JSON 1.1.
//! Above: `dispatch`. Below: the model.
//! Invariant: `Status`, which AWS removed, does not exist here (fact 29).

use super::acm::missing;
use super::answer::Answer;
use super::dispatch::{Call, unreadable};
use mock_aws::{Fault, Op, World};
use sensor_sdk::types::aws::{Account, AccountPage, Organization};
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Input {
    account_id: Option<String>,
    parent_id: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub(crate) fn perform(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    let input: Input = serde_json::from_slice(call.body).map_err(|error| unreadable(&error))?;
    let (now, caller, wire) = (call.now, call.caller, call.wire);
    let size = page_size(input.max_results)?;
    let token = input.next_token.as_deref();
    let parent = || {
        input
            .parent_id
            .as_deref()
            .ok_or_else(|| missing("parentId"))
    };
    match call.op {
        Op::DescribeOrganization => {
            let organization = world.describe_organization(now, caller)?;
            Answer::json(
                wire,
                &DescribedOrganization {
                    organization: WireOrganization::of(&organization, call),
                },
            )
        }
        Op::DescribeAccount => {
            let id = input
                .account_id
                .as_deref()
                .ok_or_else(|| missing("accountId"))?;
            let account = world.describe_account(now, caller, id)?;
            Answer::json(
                wire,
                &DescribedAccount {
                    account: WireAccount::of(&account),
                },
            )
        }
        Op::ListAccounts => accounts(call, &world.list_accounts(now, caller, size, token)?),
        Op::ListAccountsForParent => accounts(
            call,
            &world.list_accounts_for_parent(now, caller, parent()?, size, token)?,
        ),
        Op::ListRoots => {
            let page = world.list_roots(now, caller, size, token)?;
            let roots = page.roots.iter().map(|root| Unit {
                id: &root.id,
                name: &root.name,
                path: None,
            });
            Answer::json(
                wire,
                &Roots {
                    roots: roots.collect(),
                    next_token: page.next_token.as_deref(),
                },
            )
        }
        _ => {
            let page =
                world.list_organizational_units_for_parent(now, caller, parent()?, size, token)?;
            let units = page.units.iter().map(|unit| Unit {
                id: &unit.id,
                name: &unit.name,
                path: unit.path.as_deref(),
            });
            Answer::json(
                wire,
                &Units {
                    organizational_units: units.collect(),
                    next_token: page.next_token.as_deref(),
                },
            )
        }
    }
}

/// At most 20 (fact 28).
fn page_size(given: Option<i64>) -> Result<Option<u32>, Fault> {
    let size = super::acm::page_size(given, "maxResults", 20);
    let as_organizations_says = |fault: Fault| Fault {
        code: "InvalidInputException".to_owned(),
        ..fault
    };
    size.map(|size| (size > 0).then_some(size))
        .map_err(as_organizations_says)
}

fn accounts(call: &Call<'_>, page: &AccountPage) -> Result<Answer, Fault> {
    let accounts = page.accounts.iter().map(WireAccount::of).collect();
    Answer::json(
        call.wire,
        &Accounts {
            accounts,
            next_token: page.next_token.as_deref(),
        },
    )
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Accounts<'a> {
    accounts: Vec<WireAccount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedAccount<'a> {
    account: WireAccount<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireAccount<'a> {
    id: &'a str,
    arn: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_method: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    paths: &'a [String],
}

impl<'a> WireAccount<'a> {
    fn of(account: &'a Account) -> Self {
        Self {
            id: &account.id,
            arn: &account.arn,
            name: &account.name,
            email: account.email.as_deref(),
            state: account.state.as_deref(),
            joined_method: account.joined_method.as_deref(),
            paths: &account.paths,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedOrganization<'a> {
    organization: WireOrganization<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireOrganization<'a> {
    id: &'a str,
    arn: String,
    feature_set: &'a str,
    master_account_arn: String,
    master_account_id: &'a str,
    available_policy_types: [(); 0],
}

impl<'a> WireOrganization<'a> {
    fn of(organization: &'a Organization, call: &Call<'_>) -> Self {
        let partition = call.caller.arn.split(':').nth(1).unwrap_or("aws");
        let (id, master) = (&organization.id, &organization.management_account_id);
        let arn = |kind: &str, rest: &str| {
            format!("arn:{partition}:organizations::{master}:{kind}/{id}{rest}")
        };
        Self {
            id,
            arn: arn("organization", ""),
            feature_set: &organization.feature_set,
            master_account_arn: arn("account", &format!("/{master}")),
            master_account_id: master,
            available_policy_types: [],
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Roots<'a> {
    roots: Vec<Unit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Units<'a> {
    organizational_units: Vec<Unit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Unit<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
}

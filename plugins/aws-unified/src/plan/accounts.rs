//! The organization's accounts, a handful at a time, each with the units above it.
//! Above: `plan`. Below: `tree` for units, the SDK's Organizations.
//! Invariant: an empty page with a token is not the end; `State` decides about an account, never `Status`.

use super::Planner;
use super::state::State;
use super::tree::{self, Unit, Walk};
use crate::error::{CURSOR_EXPIRED, error, is_denied, is_validation, while_doing};
use crate::tokens::{Tokens, endless};
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::aws::{Account, AccountPage};
use sensor_sdk::types::{Error, ErrorClass, Severity};
use std::collections::BTreeSet;

/// An account and the units above it, from the root down.
pub(crate) struct Found {
    pub(crate) account: Account,
    pub(crate) units: Vec<Unit>,
}

/// As many accounts as make a page of the plan, where there are more.
const ENOUGH: usize = 20;
/// So many lists a page of the plan, at most: empty ones must not keep the host waiting for ever.
const CALLS: usize = 50;
/// More pages than any list of units has.
const PAGES: usize = 1000;

/// Whether the account works. A partition that does not tell a state gets the benefit of the doubt.
pub(crate) fn is_active(account: &Account) -> bool {
    account
        .state
        .as_deref()
        .is_none_or(|state| state == "ACTIVE")
}

impl<H: Host + Aws> Planner<'_, H> {
    /// The next accounts; the state says whether there are more.
    pub(super) fn accounts(&mut self, state: &mut State) -> Result<Vec<Found>, Error> {
        let mut found = Vec::new();
        for _ in 0..CALLS {
            if found.len() >= ENOUGH || state.is_over() {
                break;
            }
            match state.walk {
                Walk::List { .. } => self.take_list(state, &mut found)?,
                _ => self.take_tree(state, &mut found)?,
            }
        }
        Ok(found)
    }

    /// One page of ListAccounts. The first one shows whether this partition knows paths.
    fn take_list(&mut self, state: &mut State, found: &mut Vec<Found>) -> Result<(), Error> {
        let Walk::List { token, first } = &state.walk else {
            return Ok(());
        };
        let (token, first) = (token.clone(), *first);
        let answer = self
            .access
            .host
            .list_accounts(&self.access.base, token.as_deref());
        let page = answer.map_err(|error| refused(error, token.is_some()))?;
        state.pass("ListAccounts", "", page.next_token.as_deref())?;
        let pathless = !page.accounts.is_empty()
            && page.accounts.iter().all(|account| account.paths.is_empty());
        if first && pathless && self.descend(state)? {
            return Ok(());
        }
        let first = first && page.accounts.is_empty();
        state.walk = page.next_token.map_or(Walk::Over, |token| Walk::List {
            token: Some(token),
            first,
        });
        for account in state.fresh(page.accounts)? {
            let units = self.units_of(state, &account)?;
            found.push(Found { account, units });
        }
        Ok(())
    }

    /// Goes over to walking the tree. False when the tree may not be read and nothing depends on it.
    fn descend(&mut self, state: &mut State) -> Result<bool, Error> {
        match self.roots() {
            Ok(roots) => {
                state.walk = Walk::down(roots);
                Ok(true)
            }
            Err(error) => self.units_hidden(state, error).map(|()| false),
        }
    }

    fn take_tree(&mut self, state: &mut State, found: &mut Vec<Found>) -> Result<(), Error> {
        let Some((node, token)) = state.walk.node() else {
            state.walk = Walk::Over;
            return Ok(());
        };
        if token.is_none() {
            let children = self.children(&node.id)?;
            state.walk.push(&node, children);
        }
        let answer = self.access.host.list_accounts_for_parent(
            &self.access.base,
            &node.id,
            token.as_deref(),
        );
        let AccountPage {
            accounts,
            next_token,
        } = answer.map_err(|error| refused(error, token.is_some()))?;
        state.pass("ListAccountsForParent", &node.id, next_token.as_deref())?;
        state.walk.turn(&node, next_token);
        let accounts = state.fresh(accounts)?;
        found.extend(accounts.into_iter().map(|account| Found {
            account,
            units: node.units.clone(),
        }));
        Ok(())
    }

    /// The units that `Account.Paths` names. They come as ids; their names are asked for level by level.
    fn units_of(&mut self, state: &mut State, account: &Account) -> Result<Vec<Unit>, Error> {
        let Some(path) = account.paths.first() else {
            return Ok(Vec::new());
        };
        let ids = tree::ids(path);
        let mut units = Vec::new();
        for pair in ids.windows(2) {
            let [parent, id] = pair else { continue };
            let name = if state.units_unreadable {
                None
            } else {
                self.name_of(state, parent, id)?
            };
            units.push(Unit {
                id: (*id).to_owned(),
                name: name.unwrap_or_else(|| (*id).to_owned()),
            });
        }
        Ok(units)
    }

    fn name_of(
        &mut self,
        state: &mut State,
        parent: &str,
        id: &str,
    ) -> Result<Option<String>, Error> {
        match tree::remembered(state, parent, id, || self.children(parent)) {
            Err(error) => self.units_hidden(state, error).map(|()| None),
            named => named,
        }
    }

    /// Does without the units' names, where nothing depends on them. Filters do: without names they would let in
    /// what they are to leave out.
    fn units_hidden(&mut self, state: &mut State, mut error: Error) -> Result<(), Error> {
        if !is_denied(&error) {
            return Err(error);
        }
        if !self.settings.units.is_empty() {
            error.message = format!(
                "`organizational_units` cannot be followed while the units may not be read: allow \
                 organizations:ListRoots and organizations:ListOrganizationalUnitsForParent ({})",
                error.message
            );
            return Err(error);
        }
        state.units_unreadable = true;
        let message = format!(
            "the organizational units' names may not be read, so accounts stand under ids or the root: allow \
             organizations:ListRoots and organizations:ListOrganizationalUnitsForParent ({})",
            error.message
        );
        self.note(
            Severity::Warning,
            "units-unreadable",
            &state.organization.clone(),
            message,
        );
        Ok(())
    }

    fn roots(&self) -> Result<Vec<Unit>, Error> {
        all_pages("ListRoots", |token| {
            let page = self.access.host.list_roots(&self.access.base, token)?;
            let roots = page.roots.into_iter().map(|root| Unit {
                id: root.id,
                name: root.name,
            });
            Ok((roots.collect(), page.next_token))
        })
    }

    fn children(&self, parent: &str) -> Result<Vec<Unit>, Error> {
        all_pages("ListOrganizationalUnitsForParent", |token| {
            let page = self.access.host.list_organizational_units_for_parent(
                &self.access.base,
                parent,
                token,
            )?;
            let units = page.units.into_iter().map(|unit| Unit {
                id: unit.id,
                name: unit.name,
            });
            Ok((units.collect(), page.next_token))
        })
    }
}

/// All pages of a short list, empty ones included, each unit once.
fn all_pages(
    operation: &str,
    mut page: impl FnMut(Option<&str>) -> Result<(Vec<Unit>, Option<String>), Error>,
) -> Result<Vec<Unit>, Error> {
    let mut tokens = Tokens::default();
    let (mut all, mut seen, mut token) = (Vec::new(), BTreeSet::new(), None::<String>);
    for _ in 0..PAGES {
        let (items, next) =
            page(token.as_deref()).map_err(|error| while_doing(operation, error))?;
        for unit in items {
            if seen.insert(unit.id.clone()) {
                all.push(unit);
            }
        }
        let Some(next) = next else { return Ok(all) };
        tokens.pass(operation, &[&next])?;
        token = Some(next);
    }
    Err(endless(operation))
}

fn refused(cause: Error, had_token: bool) -> Error {
    if had_token && is_validation(&cause) {
        let message = format!(
            "AWS does not accept the plan's page token any more: {}",
            cause.message
        );
        return error(ErrorClass::InvalidResponse, CURSOR_EXPIRED, message);
    }
    super::explain(cause)
}

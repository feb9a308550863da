//! Pages of lists, with everything that a scenario may do to them.
//! Above: `world::organizations`, `world::regions`, `world::secrets`, `world::acm`. Below: `world::token`.
//! Invariant: without a fault, the pages of a list put together are the list.

use super::token::{Place, print_of, read, write};
use super::{World, refuse};
use crate::fault::Fault;
use crate::op::Op;
use crate::scenario::FaultKind;

/// Whose list it is: (account, region, operation).
pub(super) type Whose<'a> = (usize, &'a str, Op);

/// What comes after nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// More.
    Page,
    /// The end.
    List,
}

/// What a scenario does to one page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mischief {
    /// This page, and again.
    pub(super) repeat: bool,
    /// Nothing is in it.
    pub(super) empty: Option<Empty>,
    /// The list from its end.
    pub(super) backwards: bool,
}

impl World {
    /// Where a list goes on, if the token is good.
    pub(super) fn offset(
        &mut self,
        now_ms: i64,
        whose: Whose<'_>,
        print: u64,
        token: Option<&str>,
    ) -> Result<u64, Fault> {
        let (account, region, op) = whose;
        let Some(token) = token else { return Ok(0) };
        let struck = self
            .struck(FaultKind::TokenExpired, now_ms, account, region, op)
            .is_some();
        let place = read(self.estate.seed, print, token).ok_or_else(|| refuse::bad_token(op))?;
        let late = self
            .estate
            .token_life_ms
            .is_some_and(|life| now_ms - place.issued_at > life);
        if struck || late {
            Err(refuse::bad_token(op))
        } else {
            Ok(place.offset)
        }
    }

    /// A token for the place where a list goes on.
    pub(super) fn token(&self, now_ms: i64, print: u64, offset: u64) -> String {
        write(
            self.estate.seed,
            print,
            Place {
                offset,
                issued_at: now_ms,
            },
        )
    }

    /// What makes a request's tokens its own.
    pub(super) fn print(&self, whose: Whose<'_>, request: &[&str]) -> u64 {
        let (account, region, op) = whose;
        let mut parts = vec![op.name(), self.estate.accounts[account].id.as_str(), region];
        parts.extend(request);
        print_of(&parts)
    }

    /// What the scenario does to this page.
    pub(super) fn mischief(&mut self, now_ms: i64, whose: Whose<'_>) -> Mischief {
        let (account, region, op) = whose;
        let mut hit = |kind| self.struck(kind, now_ms, account, region, op).is_some();
        let page = hit(FaultKind::EmptyPage).then_some(Empty::Page);
        let list = hit(FaultKind::EmptyList).then_some(Empty::List);
        Mischief {
            repeat: hit(FaultKind::RepeatedPage),
            empty: list.or(page),
            backwards: hit(FaultKind::ReorderedPages),
        }
    }

    /// A page of a list that is at hand.
    pub(super) fn page<T: Clone>(
        &mut self,
        now_ms: i64,
        whose: Whose<'_>,
        request: &[&str],
        all: &[T],
        limit: usize,
        token: Option<&str>,
    ) -> Result<(Vec<T>, Option<String>), Fault> {
        let print = self.print(whose, request);
        let offset = self.offset(now_ms, whose, print, token)?;
        let mischief = self.mischief(now_ms, whose);
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(all.len());
        let to = from.saturating_add(limit).min(all.len());
        match mischief.empty {
            Some(Empty::List) => return Ok((Vec::new(), None)),
            Some(Empty::Page) => {
                return Ok((Vec::new(), Some(self.token(now_ms, print, offset))));
            }
            None => {}
        }
        let page = if mischief.backwards {
            all.iter()
                .rev()
                .skip(from)
                .take(to - from)
                .cloned()
                .collect()
        } else {
            all[from..to].to_vec()
        };
        let next = if mischief.repeat { from } else { to };
        let more = next < all.len();
        let next = u64::try_from(next).unwrap_or(u64::MAX);
        Ok((page, more.then(|| self.token(now_ms, print, next))))
    }
}

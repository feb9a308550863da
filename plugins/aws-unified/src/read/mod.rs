//! Reads one split, a page at a time: list, ask what is known, fetch what is new, tell what is there.
//! Above: the connector's export. Below: `list` lists, `marker` and `wanted` decide, `fetch` fetches, `memory` remembers.
//! Invariant: a certificate that is there is told in every run, whatever went wrong with it.

mod convert;
mod cursor;
mod fate;
mod fetch;
pub(crate) mod list;
mod marker;
mod memory;
pub(crate) mod pem;
#[cfg(test)]
mod tests_support;
mod wanted;

use crate::access::Access;
use crate::error::{error, is_region_disabled, problem, unanswered, while_doing};
use crate::plan::Payload;
use crate::settings::Settings;
use cursor::At;
use fetch::{Fetcher, Round, Told};
use memory::{Failures, Item, Listing, Verdict};
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::{Cursor, Entry, Error, ErrorClass, Page, Problem, Severity, Split};

/// So many certificates are fetched in full before a page is handed over, to be committed.
const FETCHES: usize = 50;
/// So long a page may take, in milliseconds, if it has anything to show by then.
const PATIENCE: i64 = 15_000;

pub(crate) use list::{ALL_KEY_TYPES, ALL_ORIGINS};

/// The next page of a split.
pub(crate) fn page<H: Host + Aws>(
    host: &H,
    split: &Split,
    at: Option<&Cursor>,
) -> Result<Page, Error> {
    let settings = Settings::load(host)?;
    let access = Access::open(host, &settings)?;
    let payload: Payload = serde_json::from_str(&split.payload).map_err(|cause| {
        error(
            ErrorClass::Internal,
            "payload",
            format!(
                "the payload of split {} is not this plugin's: {cause}",
                split.id
            ),
        )
    })?;
    let region = split.region.as_deref().ok_or_else(|| {
        error(
            ErrorClass::Internal,
            "no-region",
            format!("split {} has no region", split.id),
        )
    })?;
    let session = access.act(payload.role.as_deref())?;
    let reader = Reader {
        host,
        session: &session,
        settings: &settings,
        split,
        region,
    };
    reader.page(at)
}

/// One call of `read_page`.
pub(crate) struct Reader<'a, H: Host + Aws> {
    pub(crate) host: &'a H,
    pub(crate) session: &'a H::Session,
    pub(crate) settings: &'a Settings,
    pub(crate) split: &'a Split,
    pub(crate) region: &'a str,
}

impl<H: Host + Aws> Reader<'_, H> {
    fn page(&self, at: Option<&Cursor>) -> Result<Page, Error> {
        let remembered = at.and_then(|cursor| memory::take(&self.split.id, cursor));
        let (mut at, listing, mut problems) = match remembered {
            Some((at, listing)) => (at, listing, Vec::new()),
            None => self.list(at)?,
        };
        let mut filling = Filling {
            entries: Vec::new(),
            left: listing,
            fetched: 0,
        };
        self.fill(&mut filling, &mut at, &mut problems)?;
        let Filling { entries, left, .. } = filling;
        let next = self.hand_over(at, left)?;
        Ok(Page {
            entries,
            problems,
            next,
        })
    }

    /// Asks for the next page of the list and what the host knows of it.
    fn list(&self, at: Option<&Cursor>) -> Result<(At, Listing, Vec<Problem>), Error> {
        let mut at = if let Some(cursor) = at {
            At::read(cursor)?
        } else {
            memory::forget(&self.split.id);
            At::start(self.settings, self.host.now())
        };
        at.list_again()?;
        let page = list::page(self, &mut at).map_err(|error| self.explain(error))?;
        at.shows(page.certificates.iter().map(|item| item.arn.as_str()))?;
        let mut problems = Vec::new();
        let listed = self.own(page.certificates, &mut problems);
        let (fresh, again) = memory::fresh(&self.split.id, at.started, at.pages, listed);
        // A page that comes twice as it was is AWS's slip; one that overlaps another is a list that moved.
        if again > 0 && at.repeats == 0 {
            let message = format!(
                "{again} certificates were listed twice: the list changed while it was read, and may have left out others"
            );
            problems.push(problem(
                Severity::Warning,
                "list-shifted",
                &self.split.id,
                message,
            ));
        }
        let items = self.judge(fresh, at.started);
        Ok((
            at,
            Listing {
                items,
                next: page.next_token,
                failures: Failures::default(),
            },
            problems,
        ))
    }

    /// Leaves out what cannot be of this account and region.
    fn own(&self, listed: Vec<Item>, problems: &mut Vec<Problem>) -> Vec<Item> {
        let belongs = |item: &Item| {
            let mut parts = item.arn.splitn(6, ':');
            parts.next() == Some("arn")
                && parts.nth(1) == Some("acm")
                && parts.next() == Some(self.region)
                && parts.next() == Some(&self.split.account)
        };
        let (own, foreign): (Vec<_>, Vec<_>) = listed.into_iter().partition(belongs);
        problems.extend(foreign.iter().map(|item| {
            let message = "ACM listed a certificate of another account or region; it is left alone";
            problem(Severity::Error, "foreign-arn", &item.arn, message)
        }));
        own
    }

    /// Compares with what the host remembers.
    fn judge(&self, mut items: Vec<Item>, started: i64) -> Vec<Item> {
        let ids: Vec<_> = items.iter().map(|item| item.arn.clone()).collect();
        let known = if ids.is_empty() {
            Vec::new()
        } else {
            self.host.markers(&ids)
        };
        let now = self.host.now();
        for (at, item) in items.iter_mut().enumerate() {
            item.verdict = marker::verdict(
                self.settings,
                item,
                known.get(at).and_then(Option::as_ref),
                started,
                now,
            );
        }
        // Taken from the end: the order of the list is kept.
        items.reverse();
        items
    }

    /// Works through the listing until the page is full, the list is empty, or something fails that fails for all.
    fn fill(
        &self,
        page: &mut Filling,
        at: &mut At,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Error> {
        let began = self.host.now();
        let mut fetcher = Fetcher::new(self, page.left.failures);
        let mut tried = 0;
        while tried < FETCHES && (tried == 0 || self.host.now() - began <= PATIENCE) {
            let round = page.gather(&fetcher, at, FETCHES - tried);
            if round.len() == 0 {
                break;
            }
            let (told, left) = fetcher.fetch(round);
            let answered = told.len();
            page.put_back(left);
            match page.take(told, at) {
                None if answered > 0 => tried += answered,
                None => return Err(unanswered("GetCertificate")),
                // What was fetched is worth a commit; the next page meets the error first, and fails by it.
                Some(_) if page.fetched > 0 => break,
                Some(error) => return Err(self.explain(error)),
            }
        }
        let told = |entry: &Entry| !matches!(entry, Entry::Unreadable(_) | Entry::Filtered(_));
        if !page.entries.iter().any(told)
            && let Some(error) = fetcher.denied_all()
        {
            return Err(self.explain(error));
        }
        page.left.failures = fetcher.failures();
        problems.extend(fetcher.finish());
        Ok(())
    }

    /// The cursor of the next page; what is left of this listing waits in memory.
    fn hand_over(&self, at: At, left: Listing) -> Result<Option<Cursor>, Error> {
        if !left.items.is_empty() {
            let cursor = at.write();
            memory::put(&self.split.id, cursor.clone(), at, left);
            return Ok(Some(cursor));
        }
        let Some(token) = left.next else {
            return Ok(None);
        };
        Ok(Some(at.turn(token)?.write()))
    }

    /// Tells a region that is not enabled from credentials that are not good, and says where it happened.
    fn explain(&self, cause: Error) -> Error {
        let place = format!("account {}, {}", self.split.account, self.region);
        if is_region_disabled(&cause) && self.host.get_caller_identity(self.session).is_ok() {
            let message = format!(
                "{place}: the credentials are good and the region refuses them, so it is not enabled in this account \
                 ({}: {})",
                cause.code, cause.message
            );
            return error(ErrorClass::AccessDenied, "region-disabled", message);
        }
        while_doing(&place, cause)
    }
}

/// A page in the making.
struct Filling {
    entries: Vec<Entry>,
    left: Listing,
    /// Certificates that were fetched and are told.
    fetched: usize,
}

impl Filling {
    /// The next certificates to be fetched at once, `most` of them; what needs no call is told on the way.
    fn gather<H: Host + Aws>(
        &mut self,
        fetcher: &Fetcher<'_, '_, H>,
        at: &mut At,
        most: usize,
    ) -> Round {
        let mut round = Round::default();
        while let Some(item) = self.left.items.pop() {
            match item.verdict {
                Verdict::Filtered => self.entries.push(Entry::Filtered(item.arn)),
                Verdict::Unchanged => self.entries.push(Entry::Unchanged(item.arn)),
                Verdict::Incomplete if fetcher.is_restricted() => {
                    self.entries.push(Entry::Unchanged(item.arn));
                }
                _ if round.len() < most && fetcher.has_room(&round, &item) => {
                    round.add(item);
                    continue;
                }
                _ => {
                    self.left.items.push(item);
                    break;
                }
            }
            at.done += 1;
        }
        round
    }

    /// Tells what was fetched. What made all of it fail comes back, and so do the certificates from there on.
    fn take(&mut self, told: Vec<Told>, at: &mut At) -> Option<Error> {
        let mut told = told.into_iter();
        while let Some((item, told_of_it)) = told.next() {
            match told_of_it {
                Ok(entry) => {
                    self.fetched += usize::from(matches!(entry, Some(Entry::Certificate(_))));
                    self.entries.extend(entry);
                    at.done += 1;
                }
                Err(error) => {
                    let rest = told.map(|(item, _)| item);
                    self.put_back(std::iter::once(item).chain(rest).collect());
                    return Some(error);
                }
            }
        }
        None
    }

    /// To be met again, in the same order.
    fn put_back(&mut self, items: Vec<Item>) {
        self.left.items.extend(items.into_iter().rev());
    }
}

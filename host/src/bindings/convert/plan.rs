//! A part of a plan: the account tree and the splits.
//! Above: `plugin::connector`. Below: `model::plan`.
//! Invariant: a split's id is fit for a key of the inventory, and its payload comes back as it was given.

use super::{OPAQUE, PLAN, SENTENCE, WORD, cursor, fits, problems, tidy, tidy_all, wit};
use crate::model::account::Account;
use crate::model::plan::{PlanEntry, PlanPage, SkipReason, Skipped};
use crate::model::split::Split;
use crate::model::text::clean;

/// Accounts, splits and gaps of one part of a plan.
const MOST_PLANNED: usize = 10_000;

/// Converts a part of a plan.
///
/// # Errors
/// When it is too large, or a split cannot be kept as it is.
pub fn plan_page(page: wit::PlanPage) -> Result<PlanPage, String> {
    if page.entries.len() > MOST_PLANNED {
        return Err(format!(
            "a part of its plan has {} entries, at most {MOST_PLANNED} are taken",
            page.entries.len()
        ));
    }
    let entry = |entry| {
        Ok(match entry {
            wit::PlanEntry::Account(account) => PlanEntry::Account(self::account(account)),
            wit::PlanEntry::Split(split) => PlanEntry::Split(self::split(split)?),
            wit::PlanEntry::Skipped(skipped) => PlanEntry::Skipped(self::skipped(skipped)?),
        })
    };
    Ok(PlanPage {
        entries: page
            .entries
            .into_iter()
            .map(entry)
            .collect::<Result<_, String>>()?,
        problems: problems(page.problems),
        next: page.next.map(|next| cursor(next, PLAN)).transpose()?,
    })
}

fn account(account: wit::Account) -> Account {
    Account {
        id: tidy(account.id, WORD),
        name: tidy(account.name, WORD),
        email: account.email.map(|text| tidy(text, WORD)),
        path: tidy_all(account.path, WORD),
        state: tidy(account.state, WORD),
        management: account.management,
        excluded: account.excluded.map(|text| tidy(text, SENTENCE)),
    }
}

/// The id is a key in the inventory, and the payload goes back to the plugin: neither can be mended.
fn split(split: wit::Split) -> Result<Split, String> {
    named_plainly([
        Some(&split.id),
        Some(&split.account),
        Some(&split.service),
        split.region.as_ref(),
    ])?;
    fits("the payload of a split", &split.payload, OPAQUE)?;
    let wit::Split {
        id,
        account,
        region,
        service,
        payload,
    } = split;
    Ok(Split {
        id,
        account,
        region,
        service,
        payload,
    })
}

fn named_plainly<const N: usize>(parts: [Option<&String>; N]) -> Result<(), String> {
    let plain = |text: &str| {
        !text.is_empty() && text.len() <= 512 && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match parts.into_iter().flatten().find(|text| !plain(text)) {
        None => Ok(()),
        Some(bad) => Err(format!(
            "a split of its plan is named `{}`; id, account, region and service are 1 to 512 printable ASCII \
             characters without blanks",
            clean(bad, 100)
        )),
    }
}

/// It may stand for a split that is read in another run.
fn skipped(skipped: wit::Skipped) -> Result<Skipped, String> {
    named_plainly([
        skipped.id.as_ref(),
        Some(&skipped.account),
        skipped.region.as_ref(),
    ])?;
    Ok(Skipped {
        id: skipped.id,
        account: skipped.account,
        region: skipped.region,
        reason: match skipped.coverage {
            wit::SkipReason::OutOfScope => SkipReason::OutOfScope,
            wit::SkipReason::Disabled => SkipReason::Disabled,
            wit::SkipReason::Denied => SkipReason::Denied,
            wit::SkipReason::Throttled => SkipReason::Throttled,
            wit::SkipReason::Failed => SkipReason::Failed,
        },
        message: tidy(skipped.message, SENTENCE),
    })
}

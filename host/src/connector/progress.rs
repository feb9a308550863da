//! What a run tells while it goes on.
//! Above: `cli` draws it, a later API streams it. Below: `run` and `split` send it.
//! Invariant: sending never waits and never fails a run: a listener that went away is no reason to stop.

use crate::model::run::{Counts, SplitRun};

/// One piece of news.
#[derive(Debug, Clone)]
pub enum Progress {
    /// The plan names an account.
    Account { id: String, name: String },
    /// The plan has so many splits by now; `complete` when it has named all.
    Planned { splits: u64, complete: bool },
    /// A page of a split is in the store.
    Page { split: String, counts: Counts },
    /// A split has ended.
    Ended(Box<SplitRun>),
}

/// Where news goes.
#[derive(Debug, Clone, Default)]
pub struct ProgressSender(Option<tokio::sync::mpsc::UnboundedSender<Progress>>);

impl ProgressSender {
    /// To this channel.
    #[must_use]
    pub fn to(channel: tokio::sync::mpsc::UnboundedSender<Progress>) -> Self {
        Self(Some(channel))
    }

    pub(crate) fn send(&self, news: Progress) {
        if let Some(channel) = &self.0 {
            let _listener_may_be_gone = channel.send(news);
        }
    }
}

//! Least-privilege policies, ready to paste.
//! Above: `policy`. Below: `model::check`.
//! Invariant: the document is shown as the plugin made it, as JSON.

use super::check::pretty;
use crate::cli::output::View;
use crate::cli::style::{Style, Tone, safe};
use crate::cli::table::Rows;
use crate::model::check::Policy;
use serde::Serialize;

/// The policies for one connector.
#[derive(Debug)]
pub struct PolicyView<'a> {
    pub policies: &'a [Policy],
}

#[derive(Serialize)]
struct Data<'a> {
    policies: Vec<Document<'a>>,
}

#[derive(Serialize)]
struct Document<'a> {
    title: &'a str,
    document: serde_json::Value,
}

impl View for PolicyView<'_> {
    const SCHEMA: &'static str = "sensor.policy/v1";

    fn data(&self) -> impl Serialize + '_ {
        let document = |policy: &Policy| {
            serde_json::from_str(&policy.document)
                .unwrap_or_else(|_| policy.document.clone().into())
        };
        Data {
            policies: self
                .policies
                .iter()
                .map(|policy| Document {
                    title: &policy.title,
                    document: document(policy),
                })
                .collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["title", "document"]);
        self.policies.iter().for_each(|policy| {
            rows.push(vec![
                safe(&policy.title).into(),
                policy.document.clone().into(),
            ]);
        });
        rows
    }

    fn text(&self, style: Style) -> String {
        let each = self.policies.iter().map(|policy| {
            let title = style.paint(Tone::Strong, &format!("# {}", safe(&policy.title)));
            format!("{title}\n{}\n", pretty(&policy.document).trim_end())
        });
        each.collect::<Vec<_>>().join("\n")
    }
}

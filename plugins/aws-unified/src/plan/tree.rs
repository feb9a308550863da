//! Organizational units: the walk down the tree, and the names behind the ids of a path.
//! Above: `accounts`. Below: serde.
//! Invariant: the names that an instance remembers belong to one plan; forgetting them costs calls, nothing else.

use super::state::State;
use sensor_sdk::types::Error;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A unit above an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unit {
    #[serde(rename = "i")]
    pub(crate) id: String,
    #[serde(rename = "n")]
    pub(crate) name: String,
}

/// A root or unit whose accounts are still to be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// From below the root down to this one.
    #[serde(rename = "u")]
    pub(crate) units: Vec<Unit>,
}

/// How the accounts are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Walk {
    /// By ListAccounts; accounts know their paths.
    List {
        #[serde(rename = "t")]
        token: Option<String>,
        /// No account was seen yet.
        #[serde(rename = "f")]
        first: bool,
    },
    /// By unit, the top of the stack being the next one.
    Down {
        #[serde(rename = "s")]
        stack: Vec<Node>,
        /// Where the top one's list goes on; none when it was not begun.
        #[serde(rename = "t")]
        token: Option<String>,
    },
    Over,
}

impl Walk {
    pub(crate) fn down(roots: Vec<Unit>) -> Self {
        let stack = roots
            .into_iter()
            .rev()
            .map(|root| Node {
                id: root.id,
                units: Vec::new(),
            })
            .collect();
        Self::Down { stack, token: None }
    }

    /// The unit to list, and where its list goes on.
    pub(crate) fn node(&self) -> Option<(Node, Option<String>)> {
        let Self::Down { stack, token } = self else {
            return None;
        };
        stack.last().map(|node| (node.clone(), token.clone()))
    }

    /// Puts a unit's children below it, to come after its own accounts.
    pub(crate) fn push(&mut self, node: &Node, children: Vec<Unit>) {
        let Self::Down { stack, .. } = self else {
            return;
        };
        let top = stack.pop();
        stack.extend(children.into_iter().rev().map(|unit| {
            let units = node.units.iter().cloned().chain([unit.clone()]).collect();
            Node { id: unit.id, units }
        }));
        stack.extend(top);
    }

    /// Goes on in the unit's list, or to the next unit.
    pub(crate) fn turn(&mut self, node: &Node, next: Option<String>) {
        let Self::Down { stack, token } = self else {
            return;
        };
        if next.is_none() {
            stack.retain(|other| other.id != node.id);
        }
        *token = next;
        if stack.is_empty() {
            *self = Self::Over;
        }
    }
}

/// Root and units of `o-…/r-…/ou-…/ou-…/<account>/`, in that order.
pub(crate) fn ids(path: &str) -> Vec<&str> {
    path.split('/')
        .filter(|part| part.starts_with("r-") || part.starts_with("ou-"))
        .collect()
}

#[derive(Default)]
struct Memo {
    plan: String,
    /// Names by id, by parent.
    children: BTreeMap<String, BTreeMap<String, String>>,
}

thread_local! {
    static MEMO: RefCell<Memo> = RefCell::default();
}

/// A plan begins: nothing is known.
pub(crate) fn forget() {
    MEMO.with_borrow_mut(|memo| *memo = Memo::default());
}

/// A unit's name; asks for its siblings all at once, the first time.
pub(crate) fn remembered(
    state: &State,
    parent: &str,
    id: &str,
    children: impl FnOnce() -> Result<Vec<Unit>, Error>,
) -> Result<Option<String>, Error> {
    let plan = format!("{}@{}", state.organization, state.started);
    let known = MEMO.with_borrow_mut(|memo| {
        if memo.plan != plan {
            *memo = Memo {
                plan,
                ..Memo::default()
            };
        }
        memo.children
            .get(parent)
            .map(|names| names.get(id).cloned())
    });
    if let Some(name) = known {
        return Ok(name);
    }
    let names: BTreeMap<_, _> = children()?
        .into_iter()
        .map(|unit| (unit.id, unit.name))
        .collect();
    let name = names.get(id).cloned();
    MEMO.with_borrow_mut(|memo| memo.children.insert(parent.to_owned(), names));
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(id: &str) -> Unit {
        Unit {
            id: id.to_owned(),
            name: id.to_uppercase(),
        }
    }

    #[test]
    fn fact_30_a_path_gives_the_root_and_the_units() {
        assert_eq!(
            ids("o-a1/r-b2/ou-b2-x/ou-b2-y/123456789012/"),
            ["r-b2", "ou-b2-x", "ou-b2-y"]
        );
        assert_eq!(ids("o-a1/r-b2/123456789012/"), ["r-b2"]);
        assert_eq!(ids(""), [""; 0]);
    }

    #[test]
    fn a_walk_visits_every_unit_once_and_survives_being_written_down() {
        let mut walk = Walk::down(vec![unit("r")]);
        let mut visited = Vec::new();
        while let Some((node, token)) = walk.node() {
            if token.is_none() {
                let children = match node.id.as_str() {
                    "r" => vec![unit("a"), unit("b")],
                    "a" => vec![unit("c")],
                    _ => Vec::new(),
                };
                walk.push(&node, children);
                visited.push(format!("{}:{}", node.id, node.units.len()));
            }
            // The second unit has a second page.
            let next = (node.id == "a" && token.is_none()).then(|| "more".to_owned());
            walk.turn(&node, next);
            walk =
                serde_json::from_str(&serde_json::to_string(&walk).expect("JSON")).expect("JSON");
        }
        assert_eq!(visited, ["r:0", "a:1", "c:2", "b:1"]);
        assert_eq!(walk, Walk::Over);
    }
}

//! When each connector's next import is due.
//! Above: `rounds`. Below: the ledger; the inventory tells when a connector was imported last.
//! Invariant: the inventory is opened only for what is not known yet, so that other commands have their turn at it.

use crate::app::{AppError, Sensor};
use crate::ledger::StoredConnector;
use crate::model::id::{ConnectorId, Sha256};
use crate::model::run::RunStatus;
use crate::model::time::Millis;
use std::collections::HashMap;

/// An import that could not begin is tried again after this, twice as long each time.
const FIRST_PAUSE: Millis = 30_000;
const LONGEST_PAUSE: Millis = 3_600_000;
/// Of its `every`, up to so much later an import begins: not all connectors at the same minute.
const JITTER: Millis = 20;

/// What is known of each connector's next import.
#[derive(Default)]
pub(super) struct Schedule {
    next: HashMap<ConnectorId, Next>,
    /// The inventory of which it is known: one that was begun anew has to be filled.
    of: Option<[u8; 16]>,
}

struct Next {
    /// When the connector was last applied: another file may want another time.
    applied: Millis,
    due: Millis,
    /// How often in a row it could not begin.
    failed: u32,
}

impl Schedule {
    /// Connectors whose time has come.
    pub(super) async fn due(&mut self, sensor: &Sensor) -> Result<Vec<ConnectorId>, AppError> {
        if self.of != sensor.which_inventory() {
            self.next.clear();
        }
        let connectors = sensor.ledger().connectors()?;
        let is_known = |one: &StoredConnector| {
            let known = self.next.get(&one.config.name);
            known.is_some_and(|next| next.applied == one.updated_at)
        };
        if !connectors.iter().all(is_known) {
            let _open = sensor.enter().await?;
            self.learn(sensor)?;
            self.of = sensor.which_inventory();
        }
        let now = sensor.clock().now();
        let names = connectors.into_iter().map(|one| one.config.name);
        Ok(names
            .filter(|name| self.next.get(name).is_some_and(|next| next.due <= now))
            .collect())
    }

    fn learn(&mut self, sensor: &Sensor) -> Result<(), AppError> {
        for one in sensor.connectors()? {
            let (name, applied) = (&one.stored.config.name, one.stored.updated_at);
            if self
                .next
                .get(name)
                .is_some_and(|next| next.applied == applied)
            {
                continue;
            }
            let every = one.stored.config.import.every.millis();
            let late = late(name, every, one.last_run.map(|run| run.status));
            let next = Next {
                applied,
                due: one.next_due + late,
                failed: 0,
            };
            self.next.insert(name.clone(), next);
        }
        Ok(())
    }

    /// It was imported, to whatever end: the inventory knows when the next time is.
    pub(super) fn imported(&mut self, name: &ConnectorId) {
        self.next.remove(name);
    }

    /// It could not begin.
    pub(super) fn failed(&mut self, name: &ConnectorId, now: Millis) {
        if let Some(next) = self.next.get_mut(name) {
            next.due = now + (FIRST_PAUSE << next.failed.min(16)).min(LONGEST_PAUSE);
            next.failed += 1;
        }
    }
}

/// A little delay of its own; none for what did not come to its end, which goes on while its checkpoints are fresh.
fn late(name: &ConnectorId, every: Millis, last: Option<RunStatus>) -> Millis {
    if !matches!(last, Some(RunStatus::Complete | RunStatus::Partial)) {
        return 0;
    }
    let hash = Sha256::of(name.as_str().as_bytes());
    every / JITTER / 256 * Millis::from(hash.0[0])
}

#[cfg(test)]
mod tests {
    use super::late;
    use crate::model::run::RunStatus;

    #[test]
    fn only_what_came_to_its_end_is_put_off() {
        let (name, day) = ("aws-prod".parse().unwrap(), 86_400_000);
        let late = |status| late(&name, day, status);
        for status in [RunStatus::Complete, RunStatus::Partial] {
            assert!((1..day / 20).contains(&late(Some(status))));
        }
        for status in [
            RunStatus::Running,
            RunStatus::Stopped,
            RunStatus::Interrupted,
            RunStatus::Failed,
        ] {
            assert_eq!(late(Some(status)), 0, "{status:?}");
        }
        assert_eq!(late(None), 0);
    }
}

//! The end of an issuance before its time: its request was cancelled, or its certificate is revoked.
//! Above: `engine`. Below: the ledger.
//! Invariant: from then on nothing is sent any more, and what may have been sent is looked for before the key goes.

use super::engine::{Engine, Step};
use crate::model::enrollment::{
    Delivery, DeliveryState, Issuance, IssuanceState, Request, RequestState,
};
use crate::model::revoke::{Revocation, RevocationState};

impl Engine {
    /// Why nothing more is to be sent of it; none while all is well.
    pub(super) async fn ended(
        &self,
        issuance: &Issuance,
        request: &Request,
    ) -> Step<Option<&'static str>> {
        if request.state == RequestState::Cancelled {
            return Ok(Some("the request was cancelled"));
        }
        let Some(issued) = &issuance.issued else {
            return Ok(None);
        };
        let id = request.id;
        let all = self.ledger(move |ledger| ledger.revocations(id)).await?;
        let taken_back = |one: &Revocation| {
            let now = matches!(one.state, RevocationState::Due | RevocationState::Revoked);
            now && one.leaf == issued.leaf
        };
        let revoked = all.iter().any(taken_back);
        Ok(revoked.then_some("its certificate is revoked"))
    }

    /// The same as the ledger has it now: somebody may have decided while it waited for its turn.
    pub(super) async fn ended_by_now(&self, issuance: &Issuance) -> Step<Option<&'static str>> {
        let id = issuance.request;
        let request = self.ledger(move |ledger| ledger.request(id)).await?;
        self.ended(issuance, &request).await
    }

    /// Whether an issuance may end at once: not while the cloud may have its certificate.
    pub(super) async fn may_abandon(&self, issuance: &Issuance) -> Step<bool> {
        if issuance.state == IssuanceState::KeyDropping || issuance.state.is_over() {
            return Ok(false);
        }
        let id = issuance.id;
        let deliveries = self.ledger(move |ledger| ledger.deliveries_of(id)).await?;
        Ok(!deliveries.iter().any(|delivery| {
            matches!(
                delivery.state,
                DeliveryState::Importing | DeliveryState::Imported
            )
        }))
    }

    /// Nothing more is to come of it: its key goes first, then it is told.
    pub(super) async fn abandon(&self, issuance: Issuance, why: &'static str) -> Step {
        tracing::info!(request = %issuance.request, why, "abandoned");
        Ok(self
            .enter(issuance, IssuanceState::KeyDropping, why)
            .await?)
    }

    /// It was not sent, or is not there, and is not sent any more.
    pub(super) async fn give_up_delivery(&self, mut delivery: Delivery, why: &'static str) -> Step {
        delivery.state = DeliveryState::GivenUp;
        delivery.due_at = None;
        delivery.importing_since = None;
        self.keep_delivery(&delivery, "given-up", why.to_owned())
            .await
    }
}

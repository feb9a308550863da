//! Certificates by the dozen, drawn from a mix.
//! Above: `estate::certificate`. Below: `estate::mix`, `estate::place`, `x509`.
//! Invariant: what belongs to the body comes from the body's seed, what belongs to the place from the place's: a body
//! that several places share is the same everywhere.

use super::mix::{Mix, When};
use super::place::Names;
use super::{Body, Certificate, Estate, Kind, Origin, Renewal, Status};
use crate::noise::{Noise, draw, hash};
use crate::scenario::moment::DAY;
use crate::x509::{Family, Key, Recipe};

/// What a body's seed decides.
struct Drawn {
    recipe: Recipe,
    domain: Option<String>,
    kind: Kind,
    status: Status,
}

impl Estate {
    pub(super) fn generated(&self, account: usize, split: usize, number: u32) -> Certificate {
        let place = &self.accounts[account].splits[split];
        let place_seed = draw(place.seed, u64::from(number));
        let mut noise = Noise::new(place_seed);
        let shared = noise.unit() < place.mix.shared;
        let body = if shared {
            let seed = draw(hash(self.seed, "pool"), noise.below(self.pool));
            self.body(seed, "shared", true, &place.mix)
        } else {
            let seed = hash(place_seed, "body");
            self.body(seed, &self.accounts[account].slug, false, &place.mix)
        };
        let acme = body.kind == Kind::AmazonIssued && noise.unit() < place.mix.acme;
        let origin = match body.kind {
            Kind::Imported => Origin::CustomerProvided,
            _ if acme => Origin::Acme,
            _ => Origin::AwsManaged,
        };
        let used = body.status == Status::Issued && noise.unit() < place.mix.in_use;
        let tagged = noise.unit() < place.mix.tagged;
        let in_use_by = if used {
            vec![self.user_arn(account, split, &mut noise)]
        } else {
            Vec::new()
        };
        let tags = if tagged {
            self.tags(account, &mut noise)
        } else {
            Vec::new()
        };
        let made = (body.recipe.not_before
            + i64::try_from(noise.below(3 * 86_400)).unwrap_or(0) * 1000)
            .min(self.start)
            .max(body.recipe.not_before);
        let imported = body.kind == Kind::Imported;
        let has_body = body.status.has_body();
        Certificate {
            number,
            arn: self.arn(account, split, number),
            domain: body.domain,
            kind: body.kind,
            origin,
            status: body.status,
            created_at: made,
            issued_at: (has_body && !imported).then_some(made),
            imported_at: imported.then_some(made),
            revoked_at: (body.status == Status::Revoked).then_some(self.start - 5 * DAY),
            renewal: self.renewal(&body.recipe, body.kind, used),
            body: Body::Made(body.recipe),
            in_use_by,
            tags,
            managed_by: None,
            exported: false,
            harm: None,
            appears: None,
            vanishes: None,
            vanishes_after_lists: None,
        }
    }

    fn renewal(&self, recipe: &Recipe, kind: Kind, used: bool) -> Option<Renewal> {
        let soon = recipe.not_after - self.start < 60 * DAY && recipe.not_after > self.start;
        (kind == Kind::AmazonIssued && used && soon).then_some(Renewal::PendingAuto)
    }

    fn body(&self, seed: u64, team: &str, shared: bool, mix: &Mix) -> Drawn {
        let mut noise = Noise::new(seed);
        let mut key = mix.keys.pick(&mut noise, Key::Rsa2048);
        let mut kind = mix.kinds.pick(&mut noise, Kind::Imported);
        let mut status = mix.statuses.pick(&mut noise, Status::Issued);
        if shared {
            (kind, status) = (Kind::Imported, Status::Issued);
        }
        match status {
            Status::PendingValidation | Status::Failed | Status::TimedOut => {
                kind = Kind::AmazonIssued;
            }
            Status::Revoked if kind == Kind::Imported => kind = Kind::AmazonIssued,
            _ => {}
        }
        if kind == Kind::AmazonIssued && !matches!(key, Key::Rsa2048 | Key::P256 | Key::P384) {
            // Amazon issues no others: what was drawn is imported, unless its status forbids that.
            if status == Status::Issued {
                kind = Kind::Imported;
            } else {
                key = Key::Rsa2048;
            }
        }
        let days = match kind {
            Kind::Imported => *noise.pick(&[90, 199, 397]).unwrap_or(&90),
            Kind::AmazonIssued => 198,
            Kind::Private => 395,
        };
        let not_after = self.expiry(mix.expiry.pick(&mut noise, When::Later), days, &mut noise);
        let unnamed = kind == Kind::Imported && noise.unit() < mix.no_domain;
        let names = if unnamed {
            Names::none()
        } else {
            Names::draw(team, noise.unit() < mix.many_names, &mut noise)
        };
        let recipe = Recipe {
            seed: hash(seed, "recipe"),
            key,
            family: family(kind),
            self_signed: false,
            common_name: names.common_name,
            organization: (kind != Kind::AmazonIssued).then(|| "Example Corp".to_owned()),
            names: names.all,
            not_before: not_after - days * DAY,
            not_after,
        };
        Drawn {
            recipe,
            domain: names.domain,
            kind,
            status,
        }
    }

    fn expiry(&self, when: When, days_valid: i64, noise: &mut Noise) -> i64 {
        let (from, to) = match when {
            When::Expired => (-365, 0),
            When::Within7 => (0, 7),
            When::Within30 => (7, 30),
            When::Within90 => (30, 90),
            When::Later => (90.min(days_valid - 1), days_valid),
        };
        let span = u64::try_from((to - from) * DAY / 1000 - 1).unwrap_or(1);
        let offset = from * DAY + (1 + i64::try_from(noise.below(span)).unwrap_or(0)) * 1000;
        // Whole seconds, as certificates have no finer ones.
        self.start.div_euclid(1000) * 1000 + offset
    }
}

/// The authorities of a certificate type.
pub(super) fn family(kind: Kind) -> Family {
    match kind {
        Kind::Imported => Family::Public,
        Kind::AmazonIssued => Family::Amazon,
        Kind::Private => Family::Private,
    }
}

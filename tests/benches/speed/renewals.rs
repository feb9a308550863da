//! How long many renewals in one account and region take, against the shortest that ImportCertificate's rate allows.
//! Above: `main`. Below: `sensor_tests::simulated::renewals`.
//! Invariant: the time is the simulated one, in which computing takes none.

use crate::report::{Figure, Target};
use sensor_tests::simulated::renewals::renew;
use std::time::Duration;

/// Near by and far away.
pub(crate) fn measure(count: u32, near: u64, far: u64) -> anyhow::Result<Vec<Figure>> {
    let one = |latency: u64, what: &str| -> anyhow::Result<Figure> {
        let done = renew(count, Duration::from_millis(latency))?;
        let what = format!("time that ImportCertificate's rate allows at best: {what}");
        let figure = Figure::new(&what, done.ratio(), "×", Target::AtMost(1.05));
        Ok(figure.note(format!(
            "{count} in one account and region, {latency} ms a call: {:.1} s, best {:.1} s; {} calls, {} of them \
             imports, {} throttled",
            done.took, done.best, done.calls, done.imports, done.throttled
        )))
    };
    Ok(vec![
        one(near, "renewals")?,
        one(far, "renewals, far away")?,
    ])
}

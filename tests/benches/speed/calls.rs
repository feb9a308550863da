//! What an organization costs that has not changed since the last import, in calls.
//! Above: `main`. Below: the program `sensor`, the HTTP face in this process.
//! Invariant: the server counts, not the sensor.

use crate::estate::Size;
use crate::program::{import, linked};
use crate::report::{Figure, Target};
use sensor_tests::face::Face;
use std::collections::BTreeMap;

pub(crate) fn measure(size: Size) -> anyhow::Result<Vec<Figure>> {
    let face = Face::start(&size.scenario("off")?)?;
    let sensor = linked(face.env())?;
    import(&sensor, size.total())?;
    let first = face.calls();
    import(&sensor, size.total())?;
    let mut second = face.calls();
    for (operation, count) in &first {
        second
            .entry(operation.clone())
            .and_modify(|all| *all -= count);
    }
    second.retain(|_, count| *count > 0);
    let allowed = size.total().div_ceil(500) + size.splits();
    let reading: u64 = second
        .iter()
        .filter(|(operation, _)| operation.contains("Certificate"))
        .map(|(_, count)| count)
        .sum();
    let how = format!("{}; {}", size.told(), told(&second));
    let allowance = format!("calls, against one for 500 certificates and one a split ({allowed})");
    Ok(vec![
        Figure::new(
            &format!("second import: ACM {allowance}"),
            ratio(reading, allowed),
            "×",
            Target::AtMost(1.0),
        )
        .note(how),
        Figure::new(
            &format!("second import: all {allowance}"),
            ratio(second.values().sum(), allowed),
            "×",
            Target::AtMost(1.0),
        )
        .note("planning and roles included"),
        Figure::new(
            "first import: calls a certificate",
            ratio(first.values().sum(), size.total()),
            "",
            Target::None,
        )
        .note(told(&first)),
    ])
}

fn told(calls: &BTreeMap<String, u64>) -> String {
    let each: Vec<_> = calls
        .iter()
        .map(|(operation, count)| format!("{operation} {count}"))
        .collect();
    each.join(", ")
}

#[expect(clippy::cast_precision_loss, reason = "numbers of calls are small")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

//! Renewals under AWS's rates, in simulated time. The benchmark does the same with 2,500 of them.
//! Above: nothing. Below: `sensor_tests::simulated::renewals`.
//! Invariant: the figures do not depend on how fast this machine is.
#![allow(clippy::unwrap_used, reason = "tests")]

use sensor_tests::simulated::renewals::renew;
use std::time::Duration;

#[test]
fn fact_08_renewals_use_the_rate_of_imports_to_a_twentieth() {
    let done = renew(60, Duration::from_millis(25)).unwrap();
    assert_eq!((done.imports, done.throttled), (60, 0), "{done:?}");
    assert!(done.ratio() <= 1.05, "{done:?}");
    assert!(done.ratio() >= 1.0, "faster than AWS allows: {done:?}");
}

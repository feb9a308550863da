//! to come
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::{Error, Finding};
pub(crate) fn run<H: Host + Aws>(_host: &H) -> Result<Vec<Finding>, Error> {
    Ok(Vec::new())
}

//! to come
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::Error;
pub(crate) fn documents<H: Host + Aws>(
    _host: &H,
    _partition: &str,
) -> Result<Vec<(String, String)>, Error> {
    Ok(Vec::new())
}

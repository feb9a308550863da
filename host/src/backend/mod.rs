//! t
pub struct Session;

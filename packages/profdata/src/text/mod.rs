//! The text format.
use crate::error::Error;
use crate::report::FileReport;
use crate::store::Store;
pub(crate) fn add(_: &[u8], _: &mut Store, _: u64) -> Result<FileReport, Error> { Err(Error::UnknownFormat) }

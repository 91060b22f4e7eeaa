//! What stays: the store of a run's stages, profiles in the repository, and what is said of them: status, release,
//! checklist.

pub(crate) mod checklist;
pub(crate) mod ci;
pub(crate) mod clean;
pub(crate) mod committed;
pub(crate) mod hand_over;
pub(crate) mod handed;
pub(crate) mod history;
pub(crate) mod record;
pub(crate) mod release;
pub(crate) mod status;
pub mod store;
pub(crate) mod stored_profile;
pub(crate) mod transfer;

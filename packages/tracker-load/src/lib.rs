//! Load for a BitTorrent tracker: the traffic that trains a profile, and the one that measures.
//!
//! One thread drives all workers over non-blocking sockets, so that the tracker gets the rest of
//! the machine. A [`mix::Mix`] says in numbers what traffic looks like; [`stream::Stream`] turns
//! it and a seed into each worker's requests, the same ones every time; [`wire`] writes them for
//! UDP or HTTP; [`framing`] finds out where an HTTP answer ends and unpacks it; [`judge`] says of
//! an answer whether a client could use it, and what strays from the BEPs ([`findings`]);
//! [`engine`] sends, waits, retransmits and counts; [`report`] is what comes out.
//!
//! It talks to loopback only, and every run is bounded.

pub mod bencode;
pub mod digest;
pub mod engine;
pub mod findings;
pub mod framing;
pub mod http;
pub mod judge;
mod landing;
pub mod limits;
pub mod mix;
pub mod pace;
pub mod report;
pub mod stats;
pub mod stream;
pub mod udp;
pub mod wire;
mod words;
mod worker;

pub use engine::{LoadError, run};
pub use limits::{Plan, Until};
pub use report::Report;

//! Load for a BitTorrent tracker: the traffic that trains a profile, and the one that measures.
//!
//! One thread drives all workers over non-blocking sockets, so that the tracker gets the rest of
//! the machine. A [`mix::Mix`] says in numbers what traffic looks like; [`stream::Stream`] turns
//! it and a seed into each worker's requests, the same ones every time; [`wire`] writes them for
//! UDP or HTTP and checks the answers; [`engine`] sends, waits, retransmits and counts;
//! [`report`] is what comes out.
//!
//! It talks to loopback only, and every run is bounded.

pub mod bencode;
pub mod digest;
pub mod engine;
pub mod http;
pub mod limits;
pub mod mix;
pub mod pace;
pub mod report;
pub mod stats;
pub mod stream;
pub mod udp;
pub mod wire;
mod worker;

pub use engine::{LoadError, run};
pub use limits::{Plan, Until};
pub use report::Report;

//! A BitTorrent tracker: it introduces the peers of a swarm to each other.
//!
//! It speaks UDP (BEP 15, with the option tail of BEP 41 skipped) and HTTP (BEP 3, 7, 23, 48),
//! over IPv4 and IPv6, and keeps its swarms in memory. Announce, scrape, peer maps and packet
//! parsing are the hot paths that Honing's profile-guided builds are about.
//!
//! The way of a request: [`udp::handle()`] or [`http::handle()`] parse bytes into a
//! [`types::Announce`], [`store::Store`] applies it and hands the chosen peers to a
//! [`swarm::PeerSink`], which writes them straight into the answer. Sockets, tasks and shutdown
//! are in [`server`].

pub mod bencode;
pub mod clock;
pub mod config;
pub mod connection;
pub mod http;
pub mod server;
pub mod stop;
pub mod store;
pub mod swarm;
pub mod tracker;
pub mod types;
pub mod udp;

pub use config::Config;
pub use server::{Server, ServerError};
pub use tracker::Tracker;

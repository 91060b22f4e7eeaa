//! The words that both protocols and the store share.

use std::net::SocketAddr;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// SHA-1 of a torrent's info dictionary: the name of a swarm.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(transparent)]
pub struct InfoHash(pub [u8; 20]);

/// What a client calls itself; handed on to others only in non-compact HTTP answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(transparent)]
pub struct PeerId(pub [u8; 20]);

/// Why a client announces (BEP 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Event {
    /// A regular re-announce.
    #[default]
    None,
    /// The download has just finished.
    Completed,
    /// The first announce of a session.
    Started,
    /// The client leaves the swarm.
    Stopped,
}

/// Which address families the answer may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// Only that of the announcing peer: UDP answers have no place for the other one.
    Own,
    /// Own first, the other fills up what is left of `want`.
    Both,
}

/// An announce that has been parsed and found valid.
#[derive(Clone, Copy, Debug)]
pub struct Announce {
    /// The swarm.
    pub info_hash: InfoHash,
    /// The client's own name.
    pub peer_id: PeerId,
    /// Where other peers can reach it: address as seen by the tracker, port as announced (not 0).
    pub addr: SocketAddr,
    /// Nothing is left to download.
    pub seeder: bool,
    /// Why it announces.
    pub event: Event,
    /// Most peers in the answer, already capped.
    pub want: usize,
    /// Families in the answer.
    pub families: Families,
}

/// A swarm in numbers, both address families together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Peers with everything.
    pub seeders: u32,
    /// Peers that still download.
    pub leechers: u32,
    /// Downloads finished since the swarm came to life.
    pub downloaded: u32,
}

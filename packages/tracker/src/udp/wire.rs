//! The packets of BEP 15 as they lie on the wire: big-endian, unaligned, without padding.

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    byteorder::big_endian::{I32, U16, U32, U64},
};

use crate::types::{InfoHash, PeerId};

/// What a connect request holds in place of a connection id.
pub const PROTOCOL_ID: u64 = 0x0417_2710_1980;

/// Bytes that fit into one datagram on an Ethernet without fragments, after the headers.
pub const MAX_DATAGRAM_V4: usize = 1500 - 20 - 8;
/// The same for IPv6, whose header is longer.
pub const MAX_DATAGRAM_V6: usize = 1500 - 40 - 8;

/// Connect, in requests and answers.
pub const CONNECT: u32 = 0;
/// Announce, in requests and answers.
pub const ANNOUNCE: u32 = 1;
/// Scrape, in requests and answers.
pub const SCRAPE: u32 = 2;
/// An answer that is a refusal, with a text for people.
pub const ERROR: u32 = 3;

/// The start of every request; all of a connect request.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// From a connect answer; [`PROTOCOL_ID`] in a connect request.
    pub connection_id: U64,
    /// [`CONNECT`], [`ANNOUNCE`] or [`SCRAPE`].
    pub action: U32,
    /// Repeated in the answer.
    pub transaction_id: U32,
}

/// What follows the header of an announce.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AnnounceBody {
    /// The swarm.
    pub info_hash: InfoHash,
    /// The client's own name.
    pub peer_id: PeerId,
    /// Bytes, as the client tells; the tracker does not use it.
    pub downloaded: U64,
    /// Bytes; 0 makes a seeder.
    pub left: U64,
    /// Bytes, as the client tells; the tracker does not use it.
    pub uploaded: U64,
    /// 0 none, 1 completed, 2 started, 3 stopped.
    pub event: U32,
    /// Ignored: a client could name someone else's.
    pub ip: U32,
    /// Lets a client prove who it is after its address changed; not used.
    pub key: U32,
    /// −1 for the default.
    pub want: I32,
    /// Where the client listens.
    pub port: U16,
}

/// The start of every answer.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AnswerHeader {
    /// The request's, or [`ERROR`].
    pub action: U32,
    /// The request's.
    pub transaction_id: U32,
}

/// What follows the header of a connect answer.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ConnectAnswer {
    /// For the next two minutes.
    pub connection_id: U64,
}

/// What follows the header of an announce answer; then come the compact peers.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AnnounceAnswer {
    /// Seconds until the next announce.
    pub interval: U32,
    /// Peers that still download.
    pub leechers: U32,
    /// Peers with everything.
    pub seeders: U32,
}

/// One swarm in a scrape answer.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ScrapeEntry {
    /// Peers with everything.
    pub seeders: U32,
    /// Downloads finished.
    pub completed: U32,
    /// Peers that still download.
    pub leechers: U32,
}

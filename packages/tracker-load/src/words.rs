//! Requests in words, for whoever reads a report.

use std::fmt::{Display, Formatter, Result};

use crate::stream::{Announce, Ask, Event, Malformed};

impl Display for Ask {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::Connect => out.write_str("connect"),
            Self::Announce(announce) => announce.fmt(out),
            Self::Scrape(swarms) => write!(out, "scrape of {} swarms", swarms.len()),
            Self::Malformed(malformed) => malformed.fmt(out),
        }
    }
}

impl Display for Announce {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let event = match self.event {
            Event::None => "",
            Event::Completed => ", completed",
            Event::Started => ", started",
            Event::Stopped => ", stopped",
        };
        write!(out, "announce to swarm {}{event}", self.peer.swarm)?;
        match self.want {
            ..0 => out.write_str(", any number of peers wanted"),
            want => write!(out, ", {want} peers wanted"),
        }
    }
}

impl Display for Malformed {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str(match self {
            Self::Short(_) => "request that is cut short",
            Self::Invalid => "request with a wrong connection id (UDP) or info hash (HTTP)",
            Self::Unknown => "request with an unknown action (UDP) or port 0 (HTTP)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Peer;

    #[test]
    fn requests_read_as_words() {
        let peer = Peer { swarm: 3, name: 1, port: 1, left: 0 };
        let announce = |event, want| Ask::Announce(Announce { peer, event, want });
        for (ask, text) in [
            (announce(Event::Started, 50), "announce to swarm 3, started, 50 peers wanted"),
            (announce(Event::None, -1), "announce to swarm 3, any number of peers wanted"),
            (Ask::Scrape(vec![1, 2]), "scrape of 2 swarms"),
            (Ask::Malformed(Malformed::Short(3)), "request that is cut short"),
        ] {
            assert_eq!(ask.to_string(), text);
        }
    }
}

//! Requests in words, for whoever reads a report.

use crate::{
    stream::{Announce, Ask, Event, Malformed},
    worker::Over,
};

/// A request as it went out.
pub(crate) fn request(over: Over, ask: &Ask) -> String {
    let udp = over == Over::Udp;
    let what = match ask {
        // HTTP knows none; there it is a scrape.
        Ask::Connect if udp => "connect".to_owned(),
        Ask::Connect => swarms(1),
        Ask::Announce(announced) => announce(announced),
        Ask::Scrape(named) => swarms(named.len()),
        Ask::Malformed(Malformed::Short(_)) if udp => "request that is cut short".to_owned(),
        Ask::Malformed(Malformed::Short(_)) => "announce without a query".to_owned(),
        Ask::Malformed(Malformed::Invalid) if udp => "scrape with a wrong connection id".to_owned(),
        Ask::Malformed(Malformed::Invalid) => "announce with an info hash that is none".to_owned(),
        Ask::Malformed(Malformed::Unknown) if udp => "request with an unknown action".to_owned(),
        Ask::Malformed(Malformed::Unknown) => "announce with port 0".to_owned(),
    };
    format!("{} {what}", if udp { "UDP" } else { "HTTP" })
}

fn swarms(count: usize) -> String {
    format!("scrape of {count} swarm{}", if count == 1 { "" } else { "s" })
}

fn announce(announce: &Announce) -> String {
    let event = match announce.event {
        Event::None => "",
        Event::Completed => ", completed",
        Event::Started => ", started",
        Event::Stopped => ", stopped",
    };
    let want = match announce.want {
        ..0 => "any number of".to_owned(),
        want => want.to_string(),
    };
    format!("announce to swarm {}{event}, {want} peers wanted", announce.peer.swarm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Peer;

    #[test]
    fn requests_read_as_words() {
        let peer = Peer { swarm: 3, name: 1, port: 1, left: 0 };
        let announce = |event, want| Ask::Announce(Announce { peer, event, want });
        for (over, ask, text) in [
            (Over::Udp, announce(Event::Started, 50), "UDP announce to swarm 3, started, 50 peers wanted"),
            (Over::Http, announce(Event::None, -1), "HTTP announce to swarm 3, any number of peers wanted"),
            (Over::Udp, Ask::Scrape(vec![1, 2]), "UDP scrape of 2 swarms"),
            (Over::Udp, Ask::Connect, "UDP connect"),
            (Over::Http, Ask::Connect, "HTTP scrape of 1 swarm"),
            (Over::Udp, Ask::Malformed(Malformed::Unknown), "UDP request with an unknown action"),
            (Over::Http, Ask::Malformed(Malformed::Unknown), "HTTP announce with port 0"),
        ] {
            assert_eq!(request(over, &ask), text);
        }
    }
}

//! One HTTP request to one answer. No sockets here, so that tests reach all of it.

use std::net::{IpAddr, SocketAddr};

use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Response, StatusCode, Uri,
    body::Bytes,
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
};
use tracing::debug;

use super::{answer, query};
use crate::{
    bencode,
    tracker::Tracker,
    types::{Announce, Families},
};

/// Where a request comes from, proxies considered.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The other end of the connection.
    pub peer: IpAddr,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: &'a [IpAddr],
}

impl Origin<'_> {
    /// The client's address: the last that a trusted proxy names, or else the other end itself.
    fn client(&self, headers: &HeaderMap) -> IpAddr {
        let peer = self.peer.to_canonical();
        if !self.trusted_proxies.contains(&peer) {
            return peer;
        }
        // Earlier ones were sent by the client and can be made up.
        let last = headers.get_all("x-forwarded-for").iter().next_back();
        last.and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|addr| addr.trim().parse::<IpAddr>().ok())
            .map_or(peer, |addr| addr.to_canonical())
    }
}

/// Answers a request. What is wrong with an announce or scrape is told in a bencoded dictionary
/// with status 200, as clients expect.
pub fn handle(
    tracker: &Tracker,
    from: Origin<'_>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Response<Full<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is allowed here\n");
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    let query = uri.query().unwrap_or_default();
    match uri.path() {
        "/announce" => bencoded(announce(tracker, from.client(headers), query)),
        "/scrape" => bencoded(scrape(tracker, query)),
        "/health" => health(tracker),
        _ => plain(StatusCode::NOT_FOUND, "try /announce, /scrape or /health\n"),
    }
}

fn announce(tracker: &Tracker, ip: IpAddr, query: &str) -> Result<Vec<u8>, query::QueryError> {
    let query = query::announce(query)?;
    let announce = Announce {
        info_hash: query.info_hash,
        peer_id: query.peer_id,
        addr: SocketAddr::new(ip, query.port),
        seeder: query.left == 0,
        event: query.event,
        want: tracker.want(query.want),
        families: Families::Both,
    };
    let mut peers = if query.compact { answer::Peers::compact() } else { answer::Peers::dictionaries() };
    let counts = tracker.announce(&announce, &mut fastrand::Rng::new(), &mut peers);
    Ok(answer::announce(&tracker.rules, counts, &peers, !query.no_peer_id))
}

fn scrape(tracker: &Tracker, query: &str) -> Result<Vec<u8>, query::QueryError> {
    let hashes = query::scrape(query)?;
    Ok(answer::scrape(hashes.into_iter().map(|hash| (hash, tracker.store.scrape(&hash))).collect()))
}

fn bencoded(answer: Result<Vec<u8>, query::QueryError>) -> Response<Full<Bytes>> {
    let body = answer.unwrap_or_else(|error| {
        debug!(%error, "refused an HTTP request");
        let mut out = Vec::new();
        bencode::failure(&mut out, &error.to_string());
        out
    });
    respond(StatusCode::OK, "text/plain", body)
}

fn health(tracker: &Tracker) -> Response<Full<Bytes>> {
    let totals = tracker.store.totals();
    let body = format!(
        "{{\"status\":\"ok\",\"version\":\"{}\",\"swarms\":{},\"peers\":{}}}\n",
        env!("CARGO_PKG_VERSION"),
        totals.swarms,
        totals.peers
    );
    respond(StatusCode::OK, "application/json", body.into_bytes())
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", text.as_bytes().to_vec())
}

fn respond(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;

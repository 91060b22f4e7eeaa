//! How requests under way end: with an answer, without one, or with another try.

use std::time::Instant;

use crate::{
    engine::Engine,
    findings::{Finding, Judged, excerpt, hexadecimal},
    http::Trouble,
    judge::{self, Expect},
    stream::Ask,
    wire::ERROR,
    worker::{Flight, HTTP_TIMEOUT, Over, RETRANSMIT, WORKER_BITS},
};

impl Engine {
    /// Takes a datagram to the request that it answers.
    pub(crate) fn udp_answer(&mut self, answer: &[u8], family: usize, idle: &mut Vec<usize>) {
        let transaction = judge::transaction(answer);
        let nameless = transaction == Some(0) && judge::action(answer) == Some(ERROR);
        let at = if nameless { self.wrong_one(family) } else { self.named(transaction, family) };
        let Some((at, flight)) = at.and_then(|at| Some((at, self.workers[at].flight.as_ref()?))) else {
            self.stats.strays += 1;
            return;
        };
        let expect = flight.expect;
        let mut judged = judge::udp_answer(answer, expect, family == 1);
        if let (true, Ok(notes)) = (nameless, &mut judged) {
            notes.push(Finding::TransactionZero.came("transaction id 0"));
        }
        match (&judged, expect) {
            (Ok(_), Expect::Connect) => {
                let id = judge::connection_id(answer);
                self.workers[at].ids[family] = id.map(|id| (id, Instant::now()));
            }
            // The id may be what was wrong.
            (Err(note), _) if note.finding == Finding::Refused => self.workers[at].ids[family] = None,
            _ => (),
        }
        self.land(at, &judged, &shown(&judged, || hexadecimal(answer)), true, idle);
    }

    /// The worker whose request has this transaction id.
    fn named(&self, transaction: Option<u32>, family: usize) -> Option<usize> {
        let at = (transaction? & ((1 << WORKER_BITS) - 1)) as usize;
        let flight = self.workers.get(at)?.flight.as_ref()?;
        let fits =
            Some(flight.transaction) == transaction && (flight.over, flight.family) == (Over::Udp, family);
        fits.then_some(at)
    }

    /// The worker whose wrong request has waited for longest: an error without a transaction id
    /// can be meant for no other.
    fn wrong_one(&self, family: usize) -> Option<usize> {
        let waits = |flight: &Flight| {
            (flight.over, flight.family, flight.expect) == (Over::Udp, family, Expect::Refusal)
        };
        let workers = self.workers.iter().enumerate();
        let wrong = workers.filter_map(|(at, worker)| {
            worker.flight.as_ref().filter(|flight| waits(flight)).map(|flight| (flight.due, at))
        });
        wrong.min().map(|(_, at)| at)
    }

    /// Reads from the connection on which a worker waits.
    pub(crate) fn receive_http(&mut self, at: usize, idle: &mut Vec<usize>) {
        let worker = &mut self.workers[at];
        let Some(flight) = worker.flight.as_mut().filter(|flight| flight.over == Over::Http) else {
            return;
        };
        let (family, expect) = (flight.family, flight.expect);
        let Some(connection) = &mut worker.connections[family] else {
            return;
        };
        let used = connection.used;
        let error = match connection.receive() {
            Ok(None) => return,
            Ok(Some(answer)) => {
                let judged = judge::http_answer(answer.status, &answer.body, expect);
                let shown = shown(&judged, || excerpt(&answer.body));
                if answer.closes {
                    worker.connections[family] = None;
                    self.stats.reconnects += 1;
                }
                return self.land(at, &judged, &shown, true, idle);
            }
            Err(Trouble::Unreadable(came)) => {
                worker.connections[family] = None;
                let judged = Err(Finding::Unreadable.came(came));
                return self.land(at, &judged, "", true, idle);
            }
            Err(Trouble::Lost(error)) => error,
        };
        // The tracker may close an idle connection just when the next request is on its way: that
        // is no failure, but twice in a row is.
        let again = used && flight.tries == 1;
        flight.tries += 1;
        worker.connections[family] = None;
        if again {
            self.stats.reconnects += 1;
            if self.send_http(at, family).is_ok() {
                return;
            }
        }
        let judged = match expect {
            Expect::Refusal => Ok(vec![Finding::SilentOnWrong.came("a closed connection")]),
            _ => Err(Finding::Connection.came(error.to_string())),
        };
        self.land(at, &judged, "", false, idle);
    }

    /// A request has waited for too long: send it again, or give it up.
    pub(crate) fn late(&mut self, at: usize, now: Instant, idle: &mut Vec<usize>) {
        let worker = &mut self.workers[at];
        let Some(flight) = &mut worker.flight else {
            return;
        };
        if flight.tries < flight.most_tries() {
            let family = flight.family;
            flight.deadline = now + RETRANSMIT * 2_u32.pow(flight.tries);
            flight.tries += 1;
            self.stats.retransmits += 1;
            self.send_udp(at, family);
            return;
        }
        let came = match flight.over {
            Over::Udp => format!("nothing, though sent {} times", flight.tries),
            Over::Http => format!("nothing within {} s", HTTP_TIMEOUT.as_secs()),
        };
        if flight.over == Over::Http {
            worker.connections[flight.family] = None;
        }
        let judged = match (&flight.ask, flight.expect) {
            (Ask::Malformed(malformed), Expect::Refusal) => {
                if flight.over == Over::Udp && !self.unanswered.contains(malformed) {
                    self.unanswered.push(*malformed);
                }
                Ok(vec![Finding::SilentOnWrong.came(came)])
            }
            _ => Err(Finding::Silence.came(came)),
        };
        self.land(at, &judged, "", false, idle);
    }

    /// Records how a request ended. A worker that has only got its connection id goes on with its
    /// request. `answered`: something came.
    fn land(&mut self, at: usize, judged: &Judged, shown: &str, answered: bool, idle: &mut Vec<usize>) {
        let Some(mut flight) = self.workers[at].flight.take() else {
            return;
        };
        self.flying -= 1;
        let fine = self.stats.settle(flight.kind, judged, || flight.example(shown));
        if fine && answered {
            self.stats.took(flight.kind, flight.due.elapsed());
        }
        match judged {
            // A remark, strict or not, is no sign that the tracker is lost.
            Ok(_) if answered => self.strikes = 0,
            Ok(_) => (),
            Err(_) => self.strikes += 1,
        }
        let waits = match flight.then.take() {
            Some(request) if judged.is_ok() => self.launch(at, request, flight.due),
            _ => false,
        };
        if !waits {
            idle.push(at);
        }
    }
}

/// The answer in a report, where there is something to say about it.
fn shown(judged: &Judged, show: impl FnOnce() -> String) -> String {
    match judged {
        Ok(notes) if notes.is_empty() => String::new(),
        _ => show(),
    }
}

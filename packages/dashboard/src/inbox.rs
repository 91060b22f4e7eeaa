//! Where messages for the dashboard arrive, from any thread, and how long the drawing
//! waits for more of them.
//!
//! A key is answered at once. Events are gathered until the next frame is due, so that a
//! flood of output costs a few drawings a second and not one for each line. What waits is
//! bounded too, for a terminal that takes nothing.

#![allow(clippy::disallowed_methods, reason = "waiting takes a clock")]

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex},
    time::Instant,
};

use honing_core::event::{Event, Record};

use crate::update::Msg;

/// Lines of output that may wait; further ones are counted alone.
const MOST_WAITING: usize = 5_000;

/// What arrives.
#[derive(Debug)]
pub(crate) enum Item {
    /// For the state.
    Msg(Msg),
    /// A signal of the operating system.
    Signal(i32),
    /// The terminal gives no more keys.
    Gone,
    /// Some thread has panicked.
    Panicked,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    outputs: usize,
    left_out: u64,
    urgent: bool,
}

/// Takes messages from any thread.
#[derive(Debug, Clone, Default)]
pub struct Inbox(Arc<(Mutex<Queue>, Condvar)>);

impl Inbox {
    /// Takes an event of the run, to be shown with the next frame.
    pub fn record(&self, record: &Record) {
        let (queue, arrived) = &*self.0;
        let Ok(mut queue) = queue.lock() else { return };
        if matches!(record.event, Event::Output { .. }) {
            if queue.outputs >= MOST_WAITING {
                queue.left_out += 1;
                return;
            }
            queue.outputs += 1;
        }
        queue.items.push_back(Item::Msg(Msg::Event(Box::new(record.clone()))));
        // Who waits for a frame need not hear of each event before it.
        if queue.items.len() == 1 {
            arrived.notify_one();
        }
    }

    /// Takes a message that is to be answered at once.
    pub fn send(&self, msg: Msg) {
        self.urgent(Item::Msg(msg));
    }

    pub(crate) fn urgent(&self, item: Item) {
        let (queue, arrived) = &*self.0;
        let Ok(mut queue) = queue.lock() else { return };
        queue.items.push_back(item);
        queue.urgent = true;
        arrived.notify_one();
    }

    /// Everything that has arrived, once there is something urgent or, with anything else,
    /// the `frame` is due. Empty where nothing came before `tick`.
    pub(crate) fn wait(&self, frame: Instant, tick: Option<Instant>) -> Vec<Item> {
        let (queue, arrived) = &*self.0;
        let Ok(mut queue) = queue.lock() else { return vec![Item::Panicked] };
        loop {
            let now = Instant::now();
            let until = if queue.items.is_empty() { tick } else { Some(frame) };
            if queue.urgent || until.is_some_and(|until| until <= now) {
                return queue.take();
            }
            let waited = match until {
                Some(until) => arrived.wait_timeout(queue, until - now).map(|(queue, _)| queue).ok(),
                None => arrived.wait(queue).ok(),
            };
            match waited {
                Some(waited) => queue = waited,
                None => return vec![Item::Panicked],
            }
        }
    }
}

impl Queue {
    fn take(&mut self) -> Vec<Item> {
        (self.urgent, self.outputs) = (false, 0);
        let left_out = std::mem::take(&mut self.left_out);
        let more = (left_out > 0).then_some(Item::Msg(Msg::LeftOut(left_out)));
        self.items.drain(..).chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use honing_core::Stage;

    use super::*;

    fn output() -> Record {
        let (program, line) = ("p".into(), "a line".into());
        Record { at_ms: 0, event: Event::Output { program, stage: Stage::Train.into(), line } }
    }

    #[test]
    fn output_waits_for_the_frame_and_keys_do_not() {
        let inbox = Inbox::default();
        inbox.record(&output());
        let start = Instant::now();
        let frame = start + Duration::from_millis(60);
        assert_eq!(inbox.wait(frame, None).len(), 1);
        assert!(start.elapsed() >= Duration::from_millis(60));

        inbox.record(&output());
        let (sender, start) = (inbox.clone(), Instant::now());
        let key = thread::spawn(move || {
            thread::sleep(Duration::from_millis(10));
            sender.send(Msg::Tick(1));
        });
        assert_eq!(inbox.wait(start + Duration::from_secs(60), None).len(), 2);
        assert!(start.elapsed() < Duration::from_secs(30));
        key.join().unwrap();
    }

    #[test]
    fn what_waits_is_bounded_and_counted() {
        let inbox = Inbox::default();
        (0..MOST_WAITING + 7).for_each(|_| inbox.record(&output()));
        let items = inbox.wait(Instant::now(), None);
        assert_eq!(items.len(), MOST_WAITING + 1);
        assert!(matches!(items.last(), Some(Item::Msg(Msg::LeftOut(7)))));
        assert!(inbox.wait(Instant::now(), Some(Instant::now())).is_empty());
    }
}

//! Adds files up, one at a time or on several threads.

use crate::error::Error;
use crate::format::Format;
use crate::policy::Policy;
use crate::profile::{Dropped, Profile};
use crate::report::{FileReport, share};
use crate::store::Store;
use crate::{indexed, packed, raw, text};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Adds profiles up.
///
/// Memory is that of the sum; a file can be dropped as soon as it was added. The result is the same
/// for any order of files.
///
/// ```
/// use honing_profdata::{Merger, Policy};
/// let text = b":ir\nmain\n# hash\n7\n# counters\n1\n42\n";
/// let mut merger = Merger::new(Policy::default());
/// merger.add(text, 2)?;
/// let merged = merger.finish()?;
/// assert_eq!(merged.profile.weight(), 84);
/// # Ok::<(), honing_profdata::Error>(())
/// ```
#[derive(Debug)]
pub struct Merger {
    policy: Policy,
    store: Store,
    /// Where the records of the last raw file went.
    slots: Vec<u32>,
    tally: Tally,
    helper: bool,
}

/// Sums over the files; all of them times the files' weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    files: u64,
    set_aside: u64,
    /// Bytes of files that were read, and of files that were not.
    bytes_read: u128,
    bytes_set_aside: u128,
    weight_read: u128,
    weight_lost: u128,
}

/// A finished merge.
#[derive(Debug)]
pub struct Merged {
    /// The sum.
    pub profile: Profile,
    /// What went into it and what did not.
    pub summary: MergeSummary,
}

/// What went into a merge and what did not.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeSummary {
    /// Files that were offered.
    pub files: u64,
    /// Files of which nothing could be read.
    pub set_aside: u64,
    /// Weight of everything that was read, in increments times the files' weights.
    pub weight_read: u128,
    /// Weight that was lost, likewise; what files that were set aside would have had is estimated
    /// by their size, at the mean weight of a byte in the files that were read.
    pub weight_lost: u128,
    /// What finishing left out: functions without a name, or with several numbers of counters.
    pub dropped: Vec<crate::Loss>,
}

impl MergeSummary {
    /// Lost weight over all weight, 0 to 1.
    pub fn share_lost(&self) -> f64 {
        share(self.weight_lost, self.weight_read.saturating_sub(self.dropped_weight()))
    }

    fn dropped_weight(&self) -> u128 {
        self.dropped.iter().map(|loss| loss.weight).sum()
    }
}

impl Merger {
    /// An empty sum.
    pub fn new(policy: Policy) -> Merger {
        Merger { policy, store: Store::default(), slots: Vec::new(), tally: Tally::default(), helper: false }
    }

    /// Lets the merger use a second thread within a file.
    pub fn with_helper(self, helper: bool) -> Merger {
        Merger { helper, ..self }
    }

    /// Adds a raw, indexed, text or packed profile, as if it had been recorded `weight` times (0 counts as
    /// 1).
    ///
    /// # Errors
    /// If nothing of the file can be read. The sum is as it was, and the file counts as set aside.
    pub fn add(&mut self, bytes: &[u8], weight: u64) -> Result<FileReport, Error> {
        let weight = weight.max(1);
        let scale = u128::from(weight);
        self.tally.files += 1;
        match self.read(bytes, weight) {
            Ok(report) => {
                self.tally.bytes_read += bytes.len() as u128 * scale;
                self.tally.weight_read += report.weight.saturating_mul(scale);
                self.tally.weight_lost += report.weight_lost().saturating_mul(scale);
                Ok(report)
            }
            Err(error) => {
                self.tally.set_aside += 1;
                self.tally.bytes_set_aside += bytes.len() as u128 * scale;
                Err(error)
            }
        }
    }

    fn read(&mut self, bytes: &[u8], weight: u64) -> Result<FileReport, Error> {
        match Format::detect(bytes) {
            _ if bytes.is_empty() => Err(Error::Empty),
            None => Err(Error::UnknownFormat),
            Some(Format::Raw) => {
                raw::add(bytes, &mut self.store, &mut self.slots, weight, &self.policy, self.helper)
            }
            Some(Format::Indexed) => indexed::add(bytes, &mut self.store, weight, &self.policy),
            Some(Format::Text) => text::add(bytes, &mut self.store, weight),
            Some(Format::Packed) => packed::add(bytes, &mut self.store, weight, &self.policy),
        }
    }

    /// Adds another merger's sum, as if its files had been added to this one.
    pub fn absorb(&mut self, mut other: Merger) {
        if self.store.entries.is_empty() {
            std::mem::swap(&mut self.store, &mut other.store);
            self.slots = std::mem::take(&mut other.slots);
        }
        self.store.absorb(&mut other.store);
        let (ours, theirs) = (&mut self.tally, other.tally);
        ours.files += theirs.files;
        ours.set_aside += theirs.set_aside;
        ours.bytes_read += theirs.bytes_read;
        ours.bytes_set_aside += theirs.bytes_set_aside;
        ours.weight_read += theirs.weight_read;
        ours.weight_lost += theirs.weight_lost;
    }

    /// Whether `other` can be absorbed without a loss when the sum is finished: its functions have names, and
    /// each has one number of counters in both.
    pub fn fits(&self, other: &Merger) -> bool {
        self.store.fits(&other.store)
    }

    /// Says that an input of `bytes` bytes was itself the sum of files of `written` bytes, so that files which
    /// are set aside are judged as beside those.
    pub fn stands_for(&mut self, bytes: u64, written: u64, weight: u64) {
        let scale = u128::from(weight.max(1));
        let read = &mut self.tally.bytes_read;
        *read = read.saturating_sub(u128::from(bytes) * scale).saturating_add(u128::from(written) * scale);
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Error::Nothing`] if no function was read, [`Error::TooMuchLost`] if more weight was lost
    /// than the policy allows, [`Error::MixedVariants`].
    pub fn finish(self) -> Result<Merged, Error> {
        let allowed = self.policy.max_lost_share;
        let merged = self.finish_anyway()?;
        let share = merged.summary.share_lost();
        if share > allowed {
            return Err(Error::TooMuchLost { share, allowed });
        }
        Ok(merged)
    }

    /// The sum, however much was lost.
    ///
    /// # Errors
    /// [`Error::Nothing`] and [`Error::MixedVariants`].
    pub fn finish_anyway(self) -> Result<Merged, Error> {
        let tally = self.tally;
        let (profile, dropped) = Profile::finish(self.store)?;
        if profile.is_empty() {
            return Err(Error::Nothing { files: tally.files });
        }
        let losses = |Dropped { kind, functions, weight }| crate::Loss { kind, functions, weight };
        let dropped: Vec<crate::Loss> = dropped.into_iter().map(losses).collect();
        let estimated = match tally.bytes_read {
            0 => 0,
            read => tally.weight_read.saturating_mul(tally.bytes_set_aside) / read,
        };
        let of_functions: u128 = dropped.iter().map(|loss| loss.weight).sum();
        let weight_lost = tally.weight_lost.saturating_add(estimated).saturating_add(of_functions);
        let summary = MergeSummary {
            files: tally.files,
            set_aside: tally.set_aside,
            weight_read: tally.weight_read,
            weight_lost,
            dropped,
        };
        Ok(Merged { profile, summary })
    }
}

/// What [`merge_all`] hands back: the merger to finish, and what became of each input, in the order
/// of inputs.
#[derive(Debug)]
pub struct MergeRun<E> {
    /// The sum.
    pub merger: Merger,
    /// Each input's report, or why it was set aside.
    pub reports: Vec<Result<FileReport, InputError<E>>>,
}

/// Why an input is not in the sum.
#[derive(Debug)]
pub enum InputError<E> {
    /// The caller could not load it.
    Load(E),
    /// It is no profile that can be read.
    Read(Error),
}

/// Adds `inputs` files up on `threads` threads.
///
/// `load` gives the bytes and the weight of the input with that number, from 0; it is called from
/// the threads, once for each input, and the bytes are dropped as soon as they were added: memory
/// is that of one sum and one file for each thread. The result does not depend on `threads`.
pub fn merge_all<B, E>(
    inputs: usize,
    threads: usize,
    policy: Policy,
    load: impl Fn(usize) -> Result<(B, u64), E> + Sync,
) -> MergeRun<E>
where
    B: AsRef<[u8]>,
    E: Send,
{
    let next = AtomicUsize::new(0);
    let helper = threads > inputs;
    let work = || {
        let mut merger = Merger::new(policy).with_helper(helper);
        let mut reports = Vec::new();
        loop {
            let input = next.fetch_add(1, Ordering::Relaxed);
            if input >= inputs {
                return (merger, reports);
            }
            let report = match load(input) {
                Err(error) => Err(InputError::Load(error)),
                Ok((bytes, weight)) => merger.add(bytes.as_ref(), weight).map_err(InputError::Read),
            };
            reports.push((input, report));
        }
    };
    let threads = threads.clamp(1, inputs.max(1));
    let (mut merger, mut reports) = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            // A thread that panicked would have taken its inputs with it: pass the panic on.
            let (merger, reports) = match other.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            done.0.absorb(merger);
            done.1.extend(reports);
        }
        done
    });
    merger.slots = Vec::new();
    reports.sort_by_key(|(input, _)| *input);
    MergeRun { merger, reports: reports.into_iter().map(|(_, report)| report).collect() }
}

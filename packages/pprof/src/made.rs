//! From edges back to a pprof profile that `go build -pgo` makes the same edges of.

use crate::edges::EdgeMap;
use crate::profile::{Function, Line, Location, NONE, Profile, ValueType};
use crate::unit::CPU;

impl EdgeMap {
    /// A profile with a sample for each edge: the callee, called by the caller on that line.
    ///
    /// Lines are made up so that the offsets come out. So are addresses: each location has its own,
    /// because the compiler takes two frames of one function on one line at one address for one
    /// frame, and would lose recursion.
    pub fn to_profile(&self) -> Profile {
        let mut profile = Profile {
            period: i64::try_from(self.unit().nanoseconds().unwrap_or(0)).unwrap_or(i64::MAX),
            strings: self.names().iter().map(|name| name.to_string()).collect(),
            ..Profile::default()
        };
        let sample_type = profile.make_value_type(self.unit().words());
        profile.sample_types.push(sample_type);
        profile.period_type = Some(profile.make_value_type(CPU));
        let starts = self.start_lines();
        let functions = (0..).zip(&starts);
        profile.functions =
            functions.map(|(name, &start_line)| Function { name, file: NONE, start_line }).collect();
        let mut leaves = vec![NONE; starts.len()];
        let mut last = None;
        let mut call = 0;
        let start = |function: u32| starts.get(function as usize).copied().unwrap_or(1);
        let mut edges = self.numbered().to_vec();
        edges.sort_by_key(|edge| (edge.caller, edge.offset));
        for edge in edges {
            let mut leaf = NONE;
            if let Some(place) = leaves.get_mut(edge.callee as usize) {
                if *place == NONE {
                    *place = profile.make_location(edge.callee, start(edge.callee));
                }
                leaf = *place;
            }
            if last.replace((edge.caller, edge.offset)) != Some((edge.caller, edge.offset)) {
                call = profile.make_location(edge.caller, start(edge.caller).wrapping_add(edge.offset));
            }
            profile.stacks.extend([leaf, call]);
            // The sum of all weights fits.
            profile.values.push(edge.weight.cast_signed());
            profile.samples.push(profile.stacks.len() as u32);
        }
        profile
    }

    /// A first line for each name: 1, or as much more as negative offsets need.
    fn start_lines(&self) -> Vec<i64> {
        let mut starts = vec![1_i64; self.names().len()];
        for edge in self.numbered() {
            if let Some(start) = starts.get_mut(edge.caller as usize) {
                *start = (*start).max(1_i64.saturating_sub(edge.offset));
            }
        }
        starts
    }
}

impl Profile {
    fn make_value_type(&mut self, (kind, unit): (&str, &str)) -> ValueType {
        let index = self.strings.len() as u32;
        self.strings.extend([kind.to_owned(), unit.to_owned()]);
        ValueType { kind: index, unit: index + 1 }
    }

    fn make_location(&mut self, function: u32, line: i64) -> u32 {
        self.lines.push(Line { function, line });
        let index = self.locations.len() as u32;
        let address = u64::from(index) + 1;
        self.locations.push(Location { address, mapping: NONE, lines_end: self.lines.len() as u32 });
        index
    }
}

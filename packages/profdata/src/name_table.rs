//! The names that profiles brought along, by hash.

use crate::store::HashedMap;

/// Where a name is in a [`NameTable`]. Names are not empty; a place of no length is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    at: usize,
    len: u32,
}

impl Place {
    /// Whether there is a name.
    pub(crate) fn is_some(self) -> bool {
        self.len > 0
    }
}

/// Names in one block of bytes, found by their hash.
#[derive(Debug, Default)]
pub(crate) struct NameTable {
    places: HashedMap<u64, Place>,
    bytes: Vec<u8>,
}

impl NameTable {
    /// Learns a name.
    pub(crate) fn learn(&mut self, hash: u64, name: &[u8]) {
        let bytes = &mut self.bytes;
        self.places.entry(hash).or_insert_with(|| {
            let place = Place { at: bytes.len(), len: name.len() as u32 };
            bytes.extend_from_slice(name);
            place
        });
    }

    /// Whether no name is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where the name with that hash is; a place of no length if it is not known.
    pub(crate) fn place(&self, hash: u64) -> Place {
        self.places.get(&hash).copied().unwrap_or_default()
    }

    /// The name at a place.
    pub(crate) fn at(&self, place: Place) -> &[u8] {
        self.bytes.get(place.at..place.at + place.len as usize).unwrap_or_default()
    }

    /// The name with that hash.
    pub(crate) fn get(&self, hash: u64) -> Option<&[u8]> {
        Some(self.place(hash)).filter(|place| place.is_some()).map(|place| self.at(place))
    }

    /// Forgets the names with other hashes than these.
    pub(crate) fn retain(&mut self, hashes: impl Iterator<Item = u64>) {
        let mut used: HashedMap<u64, Place> = HashedMap::default();
        used.reserve(self.places.len());
        for hash in hashes {
            if let Some(place) = self.places.get(&hash) {
                used.insert(hash, *place);
            }
        }
        self.places = used;
    }

    /// Learns all names of another table and leaves it empty.
    pub(crate) fn absorb(&mut self, other: &mut NameTable) {
        let other = std::mem::take(other);
        if self.places.is_empty() {
            *self = other;
            return;
        }
        for (hash, place) in &other.places {
            self.learn(*hash, other.at(*place));
        }
    }
}

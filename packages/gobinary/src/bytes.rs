//! Little-endian numbers at an offset, checked against the end.

/// `length` bytes at `offset`.
pub(crate) fn slice(data: &[u8], offset: usize, length: usize) -> Option<&[u8]> {
    data.get(offset..offset.checked_add(length)?)
}

pub(crate) fn u32_at(data: &[u8], offset: usize) -> Option<u32> {
    slice(data, offset, 4)?.try_into().ok().map(u32::from_le_bytes)
}

pub(crate) fn i32_at(data: &[u8], offset: usize) -> Option<i32> {
    slice(data, offset, 4)?.try_into().ok().map(i32::from_le_bytes)
}

pub(crate) fn u64_at(data: &[u8], offset: usize) -> Option<u64> {
    slice(data, offset, 8)?.try_into().ok().map(u64::from_le_bytes)
}

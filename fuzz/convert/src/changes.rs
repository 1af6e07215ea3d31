//! Changes of files: of any bytes, and of lengths, counts and addresses, which are numbers of 2, 4 and 8 bytes.

/// A file with changes. Each is five bytes: what is done, where, and a value.
pub(crate) fn changed(seed: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut file = seed.to_vec();
    for change in changes.as_chunks::<5>().0 {
        let [how, low, high, more, value] = *change;
        let place = usize::from(low) + usize::from(high) * 0x100 + usize::from(more & 0x0F) * 0x1_0000;
        if file.is_empty() {
            break;
        }
        // Most bytes of HDF5 are zero; the others matter.
        let any = place % file.len();
        let at = (any..file.len()).find(|&at| file[at] != 0).unwrap_or(any);
        let other = (place * 31 + usize::from(value) * 8) / 8 * 8 % file.len();
        let width = [2, 4, 8, 8][usize::from(more / 16) % 4];
        let start = at & !(width - 1);
        match how % 16 {
            0 => file.truncate(any),
            1 => file.insert(any, value),
            2 => drop(file.remove(any)),
            3 => file[at] ^= 1 << (value % 8),
            4..=5 => file[at] = value,
            6 => file[any] = value,
            // Replaces a number by another.
            7..=11 => {
                let len = file.len() as u64;
                let numbers =
                    [0, 1, 2, 7, 8, 0xFF, 0xFFFF, 0xFFFF_FFFF, u64::MAX, 1 << 40, len, len - 1, len / 2];
                let number = match numbers.get(usize::from(value) % 16) {
                    Some(&number) => number,
                    None => at as u64 & !7,
                };
                write(&mut file, start, &number.to_le_bytes()[..width]);
            }
            // Copies a number, or a record, from another location: addresses that point elsewhere, to overlaps and
            // cycles.
            12..=13 => copy(&mut file, other, start, width),
            14 => copy(&mut file, other, at & !7, 40),
            _ => copy(&mut file, other, at & !7, 8 * usize::from(value)),
        }
    }
    file
}

fn write(file: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in file.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

fn copy(file: &mut [u8], from: usize, to: usize, len: usize) {
    let bytes: Vec<u8> = file.iter().skip(from).take(len).copied().collect();
    write(file, to, &bytes);
}

//! Ticket codes: typed in any way, drawn without bias.

use std::sync::atomic::{AtomicU64, Ordering};

use bando_domain::{CODE_ALPHABET, CODE_LENGTH, Entropy, MacAddr, TicketCode};
use proptest::prelude::*;

/// SplitMix64.
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

fn code() -> impl Strategy<Value = TicketCode> {
    any::<u64>().prop_map(|seed| TicketCode::random(&Seeded(AtomicU64::new(seed))))
}

proptest! {
    #[test]
    fn any_spelling_is_the_same_code(
        code in code(),
        lower in prop::collection::vec(any::<bool>(), CODE_LENGTH),
        between in prop::collection::vec("[ \t._–—-]{0,3}", CODE_LENGTH + 1),
    ) {
        let mut typed = between[0].clone();
        for ((c, lower), after) in code.as_str().chars().zip(lower).zip(&between[1..]) {
            typed.push(if lower { c.to_ascii_lowercase() } else { c });
            typed.push_str(after);
        }
        prop_assert_eq!(typed.parse(), Ok(code), "{}", typed);
        prop_assert_eq!(code.grouped().parse(), Ok(code));
        prop_assert_eq!(code.to_string().parse(), Ok(code));
        let debug = format!("{code:?}");
        prop_assert!(!debug.contains(code.as_str()));
    }

    #[test]
    fn nothing_else_is_a_code(text in "\\PC{0,24}") {
        if let Ok(code) = text.parse::<TicketCode>() {
            let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
            prop_assert_eq!(letters.to_ascii_uppercase(), code.as_str());
        }
    }
}

#[test]
fn letters_are_not_mistaken_for_one_another() {
    let text = std::str::from_utf8(CODE_ALPHABET).unwrap();
    assert_eq!(text.len(), 31);
    assert!(!text.contains(['0', 'O', '1', 'I', 'L']));
    assert!(text.is_ascii() && text.to_ascii_uppercase() == text);
    let mut sorted: Vec<u8> = CODE_ALPHABET.to_vec();
    sorted.dedup();
    assert_eq!(sorted.len(), 31);
}

/// Pearson's chi-square over 1.2 million letters, as a whole and at each place. With 30 degrees of
/// freedom 67.6 is passed by chance once in 10,000; the bias of a plain `byte % 31` gives thousands.
#[test]
fn every_letter_is_as_likely_at_every_place() {
    const CODES: u64 = 120_000;
    let entropy = Seeded(AtomicU64::new(2026));
    let mut counts = [[0_u64; 31]; CODE_LENGTH];
    for _ in 0..CODES {
        let code = TicketCode::random(&entropy);
        for (place, byte) in code.as_str().bytes().enumerate() {
            let letter = CODE_ALPHABET.iter().position(|l| *l == byte).unwrap();
            counts[place][letter] += 1;
        }
    }
    let chi_square = |counts: &[u64; 31]| {
        let total: u64 = counts.iter().sum();
        // Thousandths, in whole numbers: Σ (31·n − total)² / (31·total).
        let sum: u128 = counts
            .iter()
            .map(|n| u128::from((31 * n).abs_diff(total)).pow(2))
            .sum();
        sum * 1000 / (31 * u128::from(total))
    };
    let mut whole = [0; 31];
    for (place, counts) in counts.iter().enumerate() {
        let chi = chi_square(counts);
        assert!(chi < 67_600, "place {place}: {chi} thousandths");
        for (sum, n) in whole.iter_mut().zip(counts) {
            *sum += n;
        }
    }
    let chi = chi_square(&whole);
    assert!(chi < 67_600, "{chi} thousandths");
    let mut biased = [0; 31];
    for _ in 0..CODES * 10 {
        let mut byte = [0];
        entropy.fill(&mut byte);
        biased[usize::from(byte[0]) % 31] += 1;
    }
    assert!(chi_square(&biased) > 67_600, "the test would see the bias");
}

#[test]
fn made_up_addresses_are_local_and_single() {
    let entropy = Seeded(AtomicU64::new(1));
    for _ in 0..1000 {
        let mac = MacAddr::random_local(&entropy);
        assert!(mac.is_locally_administered() && !mac.is_multicast());
    }
}

//! Any file: read as an M-Pesa statement without a panic, also with a good header before it.

#![no_main]

use bando_gateways::read_mpesa_statement;
use libfuzzer_sys::fuzz_target;

const HEADER: &[u8] = b"Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,\
Reason Type,Other Party Info,Linked Transaction ID,A/C No.\n";

fuzz_target!(|file: &[u8]| {
    let with_header = [HEADER, file].concat();
    for file in [file, &with_header] {
        for movement in read_mpesa_statement(file).into_iter().flatten() {
            assert!(movement.amount.is_positive());
            assert!(movement.at.is_some());
            assert!(!movement.receipt.is_empty());
        }
    }
});

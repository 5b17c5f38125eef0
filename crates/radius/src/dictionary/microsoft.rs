//! Attributes of Microsoft (RFC 2548): MS-CHAP and its keys.

use super::attributes;
use crate::{Attribute, attribute::Kind};

/// Microsoft's enterprise number.
pub const VENDOR: u32 = 311;

attributes! {
    vendor;
    /// RFC 2548 §2.1.3.
    MS_CHAP_RESPONSE = 1 "MS-CHAP-Response" Kind::Secret;
    /// RFC 2548 §2.1.5.
    MS_CHAP_ERROR = 2 "MS-CHAP-Error" Kind::Text;
    /// RFC 2548 §2.4.4.
    MS_MPPE_ENCRYPTION_POLICY = 7 "MS-MPPE-Encryption-Policy" Kind::Number;
    /// RFC 2548 §2.4.5.
    MS_MPPE_ENCRYPTION_TYPES = 8 "MS-MPPE-Encryption-Types" Kind::Number;
    /// RFC 2548 §2.1.4.
    MS_CHAP_DOMAIN = 10 "MS-CHAP-Domain" Kind::Text;
    /// RFC 2548 §2.1.2.
    MS_CHAP_CHALLENGE = 11 "MS-CHAP-Challenge" Kind::Secret;
    /// RFC 2548 §2.4.2.
    MS_MPPE_SEND_KEY = 16 "MS-MPPE-Send-Key" Kind::Secret;
    /// RFC 2548 §2.4.3.
    MS_MPPE_RECV_KEY = 17 "MS-MPPE-Recv-Key" Kind::Secret;
    /// RFC 2548 §2.3.2.
    MS_CHAP2_RESPONSE = 25 "MS-CHAP2-Response" Kind::Secret;
    /// RFC 2548 §2.3.3.
    MS_CHAP2_SUCCESS = 26 "MS-CHAP2-Success" Kind::Secret;
}

const fn vendor(number: u8) -> Attribute {
    Attribute::vendor(VENDOR, number)
}

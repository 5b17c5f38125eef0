//! Attributes of the Wi-Fi Alliance's WISPr recommendation.

use super::attributes;
use crate::{Attribute, attribute::Kind};

/// The Wi-Fi Alliance's enterprise number.
pub const VENDOR: u32 = 14122;

attributes! {
    vendor;
    /// Where the hotspot is, as a code.
    LOCATION_ID = 1 "WISPr-Location-ID" Kind::Text;
    /// Where the hotspot is, for people.
    LOCATION_NAME = 2 "WISPr-Location-Name" Kind::Text;
    /// The hotspot's log-out page.
    LOGOFF_URL = 3 "WISPr-Logoff-URL" Kind::Text;
    /// Page to show after login.
    REDIRECTION_URL = 4 "WISPr-Redirection-URL" Kind::Text;
    /// Guaranteed upload, bits per second.
    BANDWIDTH_MIN_UP = 5 "WISPr-Bandwidth-Min-Up" Kind::Number;
    /// Guaranteed download, bits per second.
    BANDWIDTH_MIN_DOWN = 6 "WISPr-Bandwidth-Min-Down" Kind::Number;
    /// Greatest upload, bits per second.
    BANDWIDTH_MAX_UP = 7 "WISPr-Bandwidth-Max-Up" Kind::Number;
    /// Greatest download, bits per second.
    BANDWIDTH_MAX_DOWN = 8 "WISPr-Bandwidth-Max-Down" Kind::Number;
    /// `YYYY-MM-DDThh:mm:ss+hh:mm` by the router's clock.
    SESSION_TERMINATE_TIME = 9 "WISPr-Session-Terminate-Time" Kind::Text;
}

const fn vendor(number: u8) -> Attribute {
    Attribute::vendor(VENDOR, number)
}

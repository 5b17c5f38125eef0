//! Why somebody is not let in, in one short sentence that the router's login page shows.

use bando_domain::{Language, Refusal};

/// The text of Reply-Message: at most 253 octets (RFC 2865 §5.18), and no quotes or angle brackets,
/// for RouterOS puts it into the page as it is.
pub(crate) const fn sentence(refusal: Refusal, language: Language) -> &'static str {
    use Language::{En, Fr, Sw};
    use Refusal::{
        DeviceLimit, Expired, ProviderSuspended, Revoked, TooManyTries, Unknown, UsedUp,
    };
    match (refusal, language) {
        (Unknown, En) => "This code is not known here. Check it, or buy a new one.",
        (Unknown, Sw) => "Nambari hii haijulikani hapa. Iangalie tena, au nunua mpya.",
        (Unknown, Fr) => "Ce code est inconnu ici. Vérifiez-le ou achetez-en un autre.",
        (Expired, En) => "Your time is over. Buy again to go on.",
        (Expired, Sw) => "Muda wako umeisha. Nunua tena ili uendelee.",
        (Expired, Fr) => "Votre temps est écoulé. Rachetez un forfait pour continuer.",
        (UsedUp, En) => "Your data is used up. Buy again to go on.",
        (UsedUp, Sw) => "Data yako imeisha. Nunua tena ili uendelee.",
        (UsedUp, Fr) => "Votre volume de données est épuisé. Rachetez un forfait pour continuer.",
        (Revoked, En) => "This ticket was cancelled. Please ask the staff.",
        (Revoked, Sw) => "Tiketi hii imefutwa. Tafadhali waulize wahudumu.",
        (Revoked, Fr) => "Ce ticket a été annulé. Adressez-vous au personnel.",
        (DeviceLimit, En) => "This ticket is in use on as many devices as it allows. Disconnect one first.",
        (DeviceLimit, Sw) => "Tiketi hii tayari inatumika kwenye vifaa vyote inavyoruhusu. Ondoa kimoja kwanza.",
        (DeviceLimit, Fr) => "Ce ticket est déjà utilisé sur tous les appareils permis. Déconnectez-en un.",
        (TooManyTries, En) => "Too many wrong codes. Wait a few minutes and try again.",
        (TooManyTries, Sw) => "Umekosea nambari mara nyingi. Subiri dakika chache ujaribu tena.",
        (TooManyTries, Fr) => "Trop de codes erronés. Attendez quelques minutes et réessayez.",
        (ProviderSuspended, En) => "This network is closed for now. Please ask the staff.",
        (ProviderSuspended, Sw) => "Mtandao huu umefungwa kwa sasa. Tafadhali waulize wahudumu.",
        (ProviderSuspended, Fr) => "Ce réseau est fermé pour le moment. Adressez-vous au personnel.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_fits_and_is_safe_in_a_page() {
        let refusals = [
            Refusal::Unknown,
            Refusal::Expired,
            Refusal::UsedUp,
            Refusal::Revoked,
            Refusal::DeviceLimit,
            Refusal::TooManyTries,
            Refusal::ProviderSuspended,
        ];
        for refusal in refusals {
            for language in Language::ALL {
                let text = sentence(refusal, language);
                assert!((20..=253).contains(&text.len()), "{text}");
                assert!(!text.contains(['<', '>', '"', '\'', '&', '$']), "{text}");
            }
        }
    }
}

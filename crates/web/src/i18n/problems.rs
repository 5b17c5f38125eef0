//! What went wrong, in one human sentence, and the one thing to do about it.

use super::{Lang, messages};
use bando_domain::{PaymentFailure, Refusal};

/// Why a payment did not succeed, as the payer should hear it. Gateways map their codes to these
/// (Daraja: payments reference, ResultCode table).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentProblem {
    /// Daraja 1.
    NotEnoughMoney,
    /// Daraja 2001 in an STK push.
    WrongPin,
    /// Daraja 1032.
    Cancelled,
    /// Daraja 1037: the phone is off, out of reach, or its SIM is too old for prompts.
    NoAnswer,
    /// Daraja 1019 and 1031: the PIN came too late.
    Expired,
    /// Daraja 1001: another prompt waits on the same phone.
    PromptOpen,
    /// Daraja 1025, 9999, 1036: the prompt could not be sent.
    PromptNotSent,
    /// Daraja 26, and our own failure to reach the gateway.
    SystemBusy,
    /// Daraja 4 and 8: the payer's daily limit or largest balance.
    Limit,
    /// Daraja 2028, E3008 and the like: this number may not pay this way.
    NumberRefused,
    /// SFC_IC0003 and "Missing ICCID": not an M-Pesa number.
    NotMpesaNumber,
    /// Daraja 1101, 1102, 8006 and other mistakes in the provider's settings.
    ProviderSettings,
    /// Nothing was heard of it in all the time allowed.
    NeverConfirmed,
    /// Less money came than the plan costs; it is kept as credit.
    PaidTooLittle,
    /// Money of another currency came.
    WrongCurrency,
    /// The gateway sent the money back.
    Reversed,
    /// The provider saw no such money.
    NotReceived,
    /// Anything that is final but unknown to us.
    Other,
}

/// The one button that is right after a failed payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Send the same prompt again.
    TryAgain,
    /// Go back and type another phone number.
    OtherNumber,
    /// Go back and choose a cheaper plan.
    OtherPlan,
    /// Pay by hand through the M-Pesa menu.
    PayByHand,
}

impl PaymentProblem {
    /// Every problem, for tests and the demo's menu.
    pub const ALL: [Self; 18] = [
        Self::NotEnoughMoney,
        Self::WrongPin,
        Self::Cancelled,
        Self::NoAnswer,
        Self::Expired,
        Self::PromptOpen,
        Self::PromptNotSent,
        Self::SystemBusy,
        Self::Limit,
        Self::NumberRefused,
        Self::NotMpesaNumber,
        Self::ProviderSettings,
        Self::NeverConfirmed,
        Self::PaidTooLittle,
        Self::WrongCurrency,
        Self::Reversed,
        Self::NotReceived,
        Self::Other,
    ];

    /// The sentence for the payer: what happened, and what to do.
    #[must_use]
    pub const fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::NotEnoughMoney => lang.problem_not_enough_money(),
            Self::WrongPin => lang.problem_wrong_pin(),
            Self::Cancelled => lang.problem_cancelled(),
            Self::NoAnswer => lang.problem_no_answer(),
            Self::Expired => lang.problem_expired(),
            Self::PromptOpen => lang.problem_prompt_open(),
            Self::PromptNotSent => lang.problem_prompt_not_sent(),
            Self::SystemBusy => lang.problem_system_busy(),
            Self::Limit => lang.problem_limit(),
            Self::NumberRefused => lang.problem_number_refused(),
            Self::NotMpesaNumber => lang.problem_not_mpesa_number(),
            Self::ProviderSettings => lang.problem_provider_settings(),
            Self::NeverConfirmed => lang.problem_never_confirmed(),
            Self::PaidTooLittle => lang.problem_paid_too_little(),
            Self::WrongCurrency => lang.problem_wrong_currency(),
            Self::Reversed => lang.problem_reversed(),
            Self::NotReceived => lang.problem_not_received(),
            Self::Other => lang.problem_other(),
        }
    }

    /// The same, short enough for a heading or a table.
    #[must_use]
    pub const fn short(self, lang: Lang) -> &'static str {
        match self {
            Self::NotEnoughMoney => lang.short_not_enough_money(),
            Self::WrongPin => lang.short_wrong_pin(),
            Self::Cancelled => lang.short_cancelled(),
            Self::NoAnswer => lang.short_no_answer(),
            Self::Expired => lang.short_expired(),
            Self::PromptOpen => lang.short_prompt_open(),
            Self::PromptNotSent => lang.short_prompt_not_sent(),
            Self::SystemBusy => lang.short_system_busy(),
            Self::Limit => lang.short_limit(),
            Self::NumberRefused => lang.short_number_refused(),
            Self::NotMpesaNumber => lang.short_not_mpesa_number(),
            Self::ProviderSettings => lang.short_provider_settings(),
            Self::NeverConfirmed => lang.short_never_confirmed(),
            Self::PaidTooLittle => lang.short_paid_too_little(),
            Self::WrongCurrency => lang.short_wrong_currency(),
            Self::Reversed => lang.short_reversed(),
            Self::NotReceived => lang.short_not_received(),
            Self::Other => lang.short_other(),
        }
    }

    /// [`text`](Self::text) for one who pays by another gateway: a brand is the same in every language.
    #[must_use]
    pub fn text_about(self, lang: Lang, gateway: &str) -> String {
        self.text(lang).replace("M-Pesa", gateway)
    }

    /// [`short`](Self::short) likewise.
    #[must_use]
    pub fn short_about(self, lang: Lang, gateway: &str) -> String {
        self.short(lang).replace("M-Pesa", gateway)
    }

    /// The button that helps most.
    #[must_use]
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::NotEnoughMoney => Remedy::OtherPlan,
            Self::WrongPin
            | Self::Cancelled
            | Self::Expired
            | Self::PromptOpen
            | Self::PromptNotSent
            | Self::SystemBusy
            | Self::NeverConfirmed
            | Self::PaidTooLittle
            | Self::WrongCurrency
            | Self::Reversed
            | Self::NotReceived
            | Self::Other => Remedy::TryAgain,
            Self::NoAnswer | Self::Limit | Self::ProviderSettings => Remedy::PayByHand,
            Self::NumberRefused | Self::NotMpesaNumber => Remedy::OtherNumber,
        }
    }
}

impl From<PaymentFailure> for PaymentProblem {
    fn from(failure: PaymentFailure) -> Self {
        match failure {
            PaymentFailure::InsufficientFunds => Self::NotEnoughMoney,
            PaymentFailure::Cancelled => Self::Cancelled,
            PaymentFailure::NoAnswer => Self::NoAnswer,
            PaymentFailure::WrongPin => Self::WrongPin,
            PaymentFailure::PromptExpired => Self::Expired,
            PaymentFailure::PromptOpen => Self::PromptOpen,
            PaymentFailure::PromptUndelivered => Self::PromptNotSent,
            PaymentFailure::GatewayBusy => Self::SystemBusy,
            PaymentFailure::LimitExceeded => Self::Limit,
            PaymentFailure::PayerNotAllowed => Self::NumberRefused,
            PaymentFailure::ProviderMisconfigured => Self::ProviderSettings,
            PaymentFailure::NeverConfirmed => Self::NeverConfirmed,
            PaymentFailure::PaidTooLittle => Self::PaidTooLittle,
            PaymentFailure::WrongCurrency => Self::WrongCurrency,
            PaymentFailure::Reversed => Self::Reversed,
            PaymentFailure::NotReceived => Self::NotReceived,
        }
    }
}

/// Why a device was not let in. RADIUS answers with a reason, the router hands it to the portal in
/// `error`, and the customer reads it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessProblem {
    /// The ticket's data is used up.
    UsedUp,
    /// The ticket's time is over.
    Expired,
    /// The ticket already has as many devices as its plan allows.
    DeviceLimit,
    /// There is no such ticket here.
    UnknownCode,
    /// The provider stopped the ticket.
    Revoked,
    /// The payment is not confirmed yet.
    NotYetPaid,
    /// The plan is not valid at this hour.
    OutsideHours,
    /// Too many wrong codes from this device.
    TooManyTries,
    /// The router could not reach us.
    RouterSilent,
    /// The provider is suspended.
    Closed,
}

impl AccessProblem {
    /// Every problem, for tests.
    pub const ALL: [Self; 10] = [
        Self::UsedUp,
        Self::Expired,
        Self::DeviceLimit,
        Self::UnknownCode,
        Self::Revoked,
        Self::NotYetPaid,
        Self::OutsideHours,
        Self::TooManyTries,
        Self::RouterSilent,
        Self::Closed,
    ];

    /// The sentence for the customer.
    #[must_use]
    pub const fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::UsedUp => lang.access_used_up(),
            Self::Expired => lang.access_expired(),
            Self::DeviceLimit => lang.access_device_limit(),
            Self::UnknownCode => lang.access_unknown_code(),
            Self::Revoked => lang.access_revoked(),
            Self::NotYetPaid => lang.access_not_yet_paid(),
            Self::OutsideHours => lang.access_outside_hours(),
            Self::TooManyTries => lang.access_too_many_tries(),
            Self::RouterSilent => lang.access_router_silent(),
            Self::Closed => lang.suspended_text(),
        }
    }

    /// What a router's `error` means: the sentence of our own Access-Reject, which it repeats, or one
    /// of its own (RouterOS `errors.txt`). None for any other text, which anybody could have put
    /// into the address: it is never shown.
    #[must_use]
    pub fn from_router(error: &str) -> Option<Self> {
        const OWN: [(&str, AccessProblem); 6] = [
            ("invalid username or password", AccessProblem::UnknownCode),
            ("no more sessions are allowed", AccessProblem::DeviceLimit),
            (
                "simultaneous session limit reached",
                AccessProblem::DeviceLimit,
            ),
            ("uptime limit reached", AccessProblem::Expired),
            ("traffic limit reached", AccessProblem::UsedUp),
            (
                "radius server is not responding",
                AccessProblem::RouterSilent,
            ),
        ];
        let error = error.trim();
        if let Some(refusal) = Refusal::from_sentence(error) {
            return Some(refusal.into());
        }
        let error = error.to_lowercase();
        OWN.into_iter()
            .find(|(text, _)| error.contains(text))
            .map(|(_, problem)| problem)
    }
}

impl From<Refusal> for AccessProblem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::UnknownCode,
            Refusal::Expired => Self::Expired,
            Refusal::UsedUp => Self::UsedUp,
            Refusal::Revoked => Self::Revoked,
            Refusal::DeviceLimit => Self::DeviceLimit,
            Refusal::TooManyTries => Self::TooManyTries,
            Refusal::ProviderSuspended => Self::Closed,
        }
    }
}

messages! {
    problem_not_enough_money: "M-Pesa says there is not enough money. Top up and try again, or choose a cheaper plan." / "Salio lako la M-Pesa halitoshi. Weka pesa ujaribu tena, au chagua kifurushi cha bei nafuu." / "Votre solde M-Pesa ne suffit pas. Rechargez et réessayez, ou choisissez un forfait moins cher.";
    problem_wrong_pin: "That PIN was not right. Nothing was taken; try again." / "PIN haikuwa sahihi. Hakuna pesa iliyokatwa; jaribu tena." / "Le code PIN n’était pas le bon. Rien n’a été débité ; réessayez.";
    problem_cancelled: "The request was cancelled on your phone. Nothing was taken." / "Ombi lilighairiwa kwenye simu yako. Hakuna pesa iliyokatwa." / "La demande a été annulée sur votre téléphone. Rien n’a été débité.";
    problem_no_answer: "Your phone did not answer. Check that it is on and has signal, then try again." / "Simu yako haikujibu. Hakikisha imewashwa na ina mtandao, kisha jaribu tena." / "Votre téléphone n’a pas répondu. Vérifiez qu’il est allumé et capte, puis réessayez.";
    problem_expired: "The request waited too long for the PIN. Try again and enter it within a minute." / "Muda wa kuweka PIN umepita. Jaribu tena na uweke PIN ndani ya dakika moja." / "Le délai pour saisir le code PIN est passé. Réessayez et saisissez-le dans la minute.";
    problem_prompt_open: "Another M-Pesa request is still open on this phone. Finish or cancel it, wait a minute, then try again." / "Kuna ombi lingine la M-Pesa ambalo halijakamilika kwenye simu hii. Likamilishe au ulighairi, subiri dakika moja, kisha jaribu tena." / "Une autre demande M-Pesa est encore ouverte sur ce téléphone. Terminez-la ou annulez-la, attendez une minute, puis réessayez.";
    problem_prompt_not_sent: "M-Pesa could not send the request to your phone. Wait a minute and try again." / "M-Pesa haikuweza kutuma ombi kwenye simu yako. Subiri dakika moja ujaribu tena." / "M-Pesa n’a pas pu envoyer la demande à votre téléphone. Attendez une minute et réessayez.";
    problem_system_busy: "M-Pesa is busy right now. Nothing was taken; try again in a moment." / "M-Pesa ina shughuli nyingi kwa sasa. Hakuna pesa iliyokatwa; jaribu tena baada ya muda mfupi." / "M-Pesa est saturé pour le moment. Rien n’a été débité ; réessayez dans un instant.";
    problem_limit: "This payment is over your M-Pesa limit for today. Pay from another number, or try again tomorrow." / "Malipo haya yamevuka kikomo chako cha M-Pesa cha leo. Lipa kwa nambari nyingine, au jaribu tena kesho." / "Ce paiement dépasse votre plafond M-Pesa du jour. Payez avec un autre numéro, ou réessayez demain.";
    problem_number_refused: "M-Pesa does not let this number pay here. Use another number." / "M-Pesa hairuhusu nambari hii kulipa hapa. Tumia nambari nyingine." / "M-Pesa n’autorise pas ce numéro à payer ici. Utilisez un autre numéro.";
    problem_not_mpesa_number: "This number is not registered for M-Pesa. Use another number." / "Nambari hii haijasajiliwa na M-Pesa. Tumia nambari nyingine." / "Ce numéro n’est pas inscrit à M-Pesa. Utilisez un autre numéro.";
    problem_provider_settings: "M-Pesa requests do not work on this Wi-Fi at the moment. Ask the owner, or use a voucher." / "Maombi ya M-Pesa hayafanyi kazi kwenye Wi-Fi hii kwa sasa. Muulize mwenye Wi-Fi, au tumia vocha." / "Les demandes M-Pesa ne fonctionnent pas sur ce Wi-Fi pour le moment. Adressez-vous au gérant, ou utilisez un bon.";
    problem_never_confirmed: "M-Pesa never told us how this payment ended. If money was taken, send us the M-Pesa message under “Already paid?”; else try again." / "M-Pesa haikutuambia malipo haya yaliishaje. Kama pesa ilikatwa, tutumie ujumbe wa M-Pesa kwenye “Umeshalipa?”; la sivyo jaribu tena." / "M-Pesa ne nous a jamais dit comment ce paiement a fini. Si vous avez été débité, envoyez-nous le message M-Pesa sous « Déjà payé ? » ; sinon réessayez.";
    problem_paid_too_little: "Less money came than this plan costs. It is yours: we keep it as credit for your next purchase." / "Pesa iliyofika ni pungufu ya bei ya kifurushi. Ni yako: tumeihifadhi kama salio la ununuzi wako ujao." / "Il est arrivé moins que le prix de ce forfait. L’argent reste à vous : il est gardé en crédit pour votre prochain achat.";
    problem_wrong_currency: "The money came in another currency. The owner has been told and will sort it out with you." / "Pesa ilifika kwa sarafu nyingine. Mwenye Wi-Fi amejulishwa na atalishughulikia nawe." / "L’argent est arrivé dans une autre monnaie. Le gérant est prévenu et réglera cela avec vous.";
    problem_reversed: "The money was sent back to you. If you still want to go online, pay again." / "Pesa imerudishwa kwako. Ukitaka kuendelea mtandaoni, lipa tena." / "L’argent vous a été rendu. Si vous voulez toujours vous connecter, payez à nouveau.";
    problem_not_received: "The owner has not received this payment. If you did pay, send us the message under “Already paid?”." / "Mwenye Wi-Fi hajapokea malipo haya. Kama ulilipa, tutumie ujumbe kwenye “Umeshalipa?”." / "Le gérant n’a pas reçu ce paiement. Si vous avez payé, envoyez-nous le message sous « Déjà payé ? ».";
    problem_other: "M-Pesa did not complete the payment. Nothing was taken; try again." / "M-Pesa haikukamilisha malipo. Hakuna pesa iliyokatwa; jaribu tena." / "M-Pesa n’a pas terminé le paiement. Rien n’a été débité ; réessayez.";

    short_not_enough_money: "Not enough money" / "Salio halitoshi" / "Solde insuffisant";
    short_wrong_pin: "Wrong PIN" / "PIN si sahihi" / "Mauvais code PIN";
    short_cancelled: "Cancelled on the phone" / "Limeghairiwa kwenye simu" / "Annulé sur le téléphone";
    short_no_answer: "The phone did not answer" / "Simu haikujibu" / "Le téléphone n’a pas répondu";
    short_expired: "PIN not entered in time" / "PIN haikuwekwa kwa wakati" / "Code PIN non saisi à temps";
    short_prompt_open: "Another request is open" / "Kuna ombi lingine" / "Une autre demande est ouverte";
    short_prompt_not_sent: "Request not sent" / "Ombi halikutumwa" / "Demande non envoyée";
    short_system_busy: "M-Pesa is busy" / "M-Pesa ina shughuli nyingi" / "M-Pesa est saturé";
    short_limit: "Over the daily limit" / "Kikomo cha siku kimevukwa" / "Plafond du jour dépassé";
    short_number_refused: "Number not allowed" / "Nambari hairuhusiwi" / "Numéro non autorisé";
    short_not_mpesa_number: "Not an M-Pesa number" / "Si nambari ya M-Pesa" / "Pas un numéro M-Pesa";
    short_provider_settings: "M-Pesa settings are wrong" / "Mipangilio ya M-Pesa si sahihi" / "Réglages M-Pesa incorrects";
    short_never_confirmed: "No word from M-Pesa" / "M-Pesa haikujibu" / "Pas de réponse de M-Pesa";
    short_paid_too_little: "Paid too little" / "Malipo pungufu" / "Paiement insuffisant";
    short_wrong_currency: "Wrong currency" / "Sarafu si sahihi" / "Mauvaise monnaie";
    short_reversed: "Sent back to the payer" / "Imerudishwa kwa mlipaji" / "Rendu au payeur";
    short_not_received: "Not received" / "Haijapokelewa" / "Pas reçu";
    short_other: "Payment not completed" / "Malipo hayakukamilika" / "Paiement non terminé";

    access_used_up: "The data on this ticket is used up. Buy more to go on." / "Data ya tiketi hii imeisha. Nunua tena ili uendelee." / "Les données de ce ticket sont épuisées. Rachetez-en pour continuer.";
    access_expired: "The time on this ticket is over. Buy more to go on." / "Muda wa tiketi hii umekwisha. Nunua tena ili uendelee." / "Le temps de ce ticket est écoulé. Rachetez-en pour continuer.";
    access_device_limit: "This ticket is already in use on as many devices as it allows. Disconnect one of them first." / "Tiketi hii tayari inatumika kwenye vifaa vyote inavyoruhusu. Ondoa kimoja kwanza." / "Ce ticket est déjà utilisé sur autant d’appareils qu’il permet. Déconnectez-en un d’abord.";
    access_unknown_code: "We do not know this code. Check the letters and digits and type it again." / "Hatuijui nambari hii. Kagua herufi na tarakimu kisha uandike tena." / "Nous ne connaissons pas ce code. Vérifiez les lettres et les chiffres et saisissez-le à nouveau.";
    access_revoked: "This ticket was stopped by the Wi-Fi owner. Ask them, or buy a new one." / "Tiketi hii ilisimamishwa na mwenye Wi-Fi. Muulize, au nunua mpya." / "Ce ticket a été arrêté par le gérant du Wi-Fi. Adressez-vous à lui, ou achetez-en un autre.";
    access_not_yet_paid: "We are still waiting for M-Pesa to confirm this payment." / "Bado tunasubiri M-Pesa ithibitishe malipo haya." / "Nous attendons encore que M-Pesa confirme ce paiement.";
    access_outside_hours: "This plan does not work at this hour. Buy another one, or come back later." / "Kifurushi hiki hakifanyi kazi saa hii. Nunua kingine, au rudi baadaye." / "Ce forfait ne fonctionne pas à cette heure. Achetez-en un autre, ou revenez plus tard.";
    access_too_many_tries: "Too many wrong codes. Wait a minute and try again." / "Umekosea nambari mara nyingi. Subiri dakika moja ujaribu tena." / "Trop de codes erronés. Attendez une minute et réessayez.";
    access_router_silent: "The router could not reach us to check your ticket. Try again in a moment." / "Ruta haikuweza kutufikia ili kukagua tiketi yako. Jaribu tena baada ya muda mfupi." / "Le routeur n’a pas pu nous joindre pour vérifier votre ticket. Réessayez dans un instant.";
}

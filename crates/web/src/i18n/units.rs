//! Words for time, amounts of data and people: used by `crate::format` and by every page.

use super::messages;

messages! {
    seconds[n]: "{n} second" | "{n} seconds" / "sekunde {n}" | "sekunde {n}" / "{n} seconde" | "{n} secondes";
    minutes[n]: "{n} minute" | "{n} minutes" / "dakika {n}" | "dakika {n}" / "{n} minute" | "{n} minutes";
    hours[n]: "{n} hour" | "{n} hours" / "saa {n}" | "saa {n}" / "{n} heure" | "{n} heures";
    days[n]: "{n} day" | "{n} days" / "siku {n}" | "siku {n}" / "{n} jour" | "{n} jours";
    weeks[n]: "{n} week" | "{n} weeks" / "wiki {n}" | "wiki {n}" / "{n} semaine" | "{n} semaines";
    months[n]: "{n} month" | "{n} months" / "mwezi {n}" | "miezi {n}" / "{n} mois" | "{n} mois";
    devices[n]: "{n} device" | "{n} devices" / "kifaa {n}" | "vifaa {n}" / "{n} appareil" | "{n} appareils";
    vouchers[n]: "{n} voucher" | "{n} vouchers" / "vocha {n}" | "vocha {n}" / "{n} bon" | "{n} bons";
    people_online[n]: "{n} online" | "{n} online" / "{n} yuko mtandaoni" | "{n} wako mtandaoni" / "{n} en ligne" | "{n} en ligne";
    payments_count[n]: "{n} payment" | "{n} payments" / "malipo {n}" | "malipo {n}" / "{n} paiement" | "{n} paiements";
    sessions_count[n]: "{n} session" | "{n} sessions" / "muunganisho {n}" | "miunganisho {n}" / "{n} session" | "{n} sessions";

    short_second: "s" / "s" / "s";
    short_minute: "min" / "dak" / "min";
    short_hour: "h" / "saa" / "h";
    short_day: "d" / "siku" / "j";
    byte_letter: "B" / "B" / "o";

    just_now: "just now" / "sasa hivi" / "à l’instant";
    ago(time): "{time} ago" / "{time} zilizopita" / "il y a {time}";
    today: "today" / "leo" / "aujourd’hui";
    yesterday: "yesterday" / "jana" / "hier";
    tomorrow_at(time): "tomorrow {time}" / "kesho {time}" / "demain {time}";
    yesterday_at(time): "yesterday {time}" / "jana {time}" / "hier {time}";

    monday: "Monday" / "Jumatatu" / "lundi";
    tuesday: "Tuesday" / "Jumanne" / "mardi";
    wednesday: "Wednesday" / "Jumatano" / "mercredi";
    thursday: "Thursday" / "Alhamisi" / "jeudi";
    friday: "Friday" / "Ijumaa" / "vendredi";
    saturday: "Saturday" / "Jumamosi" / "samedi";
    sunday: "Sunday" / "Jumapili" / "dimanche";

    short_monday: "Mon" / "Jtt" / "lun.";
    short_tuesday: "Tue" / "Jnn" / "mar.";
    short_wednesday: "Wed" / "Jtn" / "mer.";
    short_thursday: "Thu" / "Alh" / "jeu.";
    short_friday: "Fri" / "Ijm" / "ven.";
    short_saturday: "Sat" / "Jms" / "sam.";
    short_sunday: "Sun" / "Jpl" / "dim.";

    january: "January" / "Januari" / "janvier";
    february: "February" / "Februari" / "février";
    march: "March" / "Machi" / "mars";
    april: "April" / "Aprili" / "avril";
    may: "May" / "Mei" / "mai";
    june: "June" / "Juni" / "juin";
    july: "July" / "Julai" / "juillet";
    august: "August" / "Agosti" / "août";
    september: "September" / "Septemba" / "septembre";
    october: "October" / "Oktoba" / "octobre";
    november: "November" / "Novemba" / "novembre";
    december: "December" / "Desemba" / "décembre";
}

//! Words of the console's money: the menu of it, confirmations, cases, arrivals, refunds, payouts.

use super::messages;

messages! {
    nav_money: "Money" / "Pesa" / "Argent";
    nav_set_up: "Set up" / "Matayarisho" / "Réglages";
    nav_confirm: "Confirm" / "Thibitisha" / "Confirmer";
    nav_till: "Till" / "Droo ya pesa" / "Caisse";
    nav_cases: "Cases" / "Kesi" / "Dossiers";
    nav_refunds: "Refunds" / "Marejesho" / "Remboursements";
    nav_statements: "Reconcile" / "Linganisha" / "Rapprocher";
    nav_payouts: "Payouts" / "Utumaji wa pesa" / "Versements";
    nav_ways: "Ways to pay" / "Njia za kulipa" / "Moyens de paiement";
    to_confirm[n]: "{n} payment to confirm" | "{n} payments to confirm" / "malipo {n} ya kuthibitisha" | "malipo {n} ya kuthibitisha" / "{n} paiement à confirmer" | "{n} paiements à confirmer";
    nothing_found_here: "Nothing here matches what you chose." / "Hakuna kinacholingana na ulichochagua." / "Rien ne correspond à votre choix.";
    gateway_cash: "Cash" / "Pesa taslimu" / "Espèces";
    gateway_wallet: "Customer’s credit" / "Salio la mteja" / "Crédit du client";
    payout_owed: "Owed to you" / "Unayodai" / "Dû à vous";
}

//! Words of the demo page.

use super::messages;

messages! {
    demo_title: "Bando, all of it, on one page" / "Bando yote kwenye ukurasa mmoja" / "Tout Bando sur une page";
    demo_intro: "Buy on the phone, enter any PIN, and watch the router and the money. The 60-second plan shows the end." / "Nunua kwenye simu, weka PIN yoyote, na utazame ruta na pesa. Kifurushi cha sekunde 60 kinaonyesha mwisho." / "Achetez sur le téléphone, saisissez un code PIN quelconque, et regardez le routeur et l’argent. Le forfait de 60 secondes montre la fin.";
    demo_phone: "The customer’s phone" / "Simu ya mteja" / "Le téléphone du client";
    demo_mpesa: "M-Pesa on that phone" / "M-Pesa kwenye simu hiyo" / "M-Pesa sur ce téléphone";
    demo_router: "The router" / "Ruta" / "Le routeur";
    demo_money: "The provider’s money" / "Pesa za mwenye Wi-Fi" / "L’argent du fournisseur";
    demo_open_console: "Open the console" / "Fungua konsoli" / "Ouvrir la console";
    demo_sign_in_with(name, password): "Sign in as {name} with {password}" / "Ingia kama {name} kwa {password}" / "Connectez-vous : {name}, {password}";
    demo_no_prompt: "No request yet. Tap Pay on the phone." / "Bado hakuna ombi. Gusa Lipa kwenye simu." / "Aucune demande. Touchez Payer sur le téléphone.";
    demo_enter_pin: "Enter M-Pesa PIN" / "Weka PIN ya M-Pesa" / "Saisissez le code PIN M-Pesa";
    demo_send: "Send" / "Tuma" / "Envoyer";
    demo_next_payment: "The next payment goes" / "Malipo yajayo yataenda" / "Le prochain paiement se passe";
    demo_set: "Set" / "Weka" / "Fixer";
    demo_normal: "As it should" / "Kama kawaida" / "Normalement";
    demo_callback_late: "The report comes late" / "Ripoti inachelewa" / "L’annonce arrive tard";
    demo_callback_lost: "The report is lost" / "Ripoti inapotea" / "L’annonce se perd";
    demo_callback_twice: "The report comes twice" / "Ripoti inakuja mara mbili" / "L’annonce arrive deux fois";
    demo_messages: "Messages" / "Ujumbe" / "Messages";
    demo_hosts: "On the Wi-Fi" / "Walio kwenye Wi-Fi" / "Sur le Wi-Fi";
    demo_active: "Let in" / "Walioruhusiwa" / "Admis";
    demo_nobody: "Nobody yet" / "Bado hakuna mtu" / "Personne";
    demo_packets: "RADIUS" / "RADIUS" / "RADIUS";
    demo_time_left: "Time left" / "Muda uliobaki" / "Temps restant";
    demo_latest_payment: "Latest payment" / "Malipo ya mwisho" / "Dernier paiement";
    demo_ledger: "Ledger" / "Leja" / "Grand livre";
    demo_balance: "Balance" / "Salio" / "Solde";
    demo_balanced: "every entry balances" / "maingizo yote yanalingana" / "chaque écriture est équilibrée";
    demo_unbalanced: "entries do not balance" / "maingizo hayalingani" / "des écritures sont déséquilibrées";
}

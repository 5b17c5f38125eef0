//! Words of the console's daily work: home, payments, tickets, selling, sessions.

use super::messages;

messages! {
    today_title: "Today" / "Leo" / "Aujourd’hui";
    today_by_hour: "Takings today, hour by hour" / "Mapato ya leo, saa kwa saa" / "Recettes du jour, heure par heure";
    against_last(weekday): "against last {weekday}" / "kulinganisha na {weekday} iliyopita" / "par rapport à {weekday} dernier";
    online_now: "online now" / "mtandaoni sasa" / "en ligne";
    waiting_to_pay: "waiting to pay" / "wanasubiri kulipa" / "en attente de paiement";
    all_well: "Everything works." / "Kila kitu kinafanya kazi." / "Tout fonctionne.";
    last_seven_days: "Last seven days" / "Siku saba zilizopita" / "Sept derniers jours";
    latest_payments: "Latest payments" / "Malipo ya karibuni" / "Derniers paiements";
    set_up: "Set up" / "Matayarisho" / "Mise en route";
    steps_done(done, all): "{done} of {all}" / "{done} kati ya {all}" / "{done} sur {all}";
    setup_plan: "Add a plan to sell" / "Ongeza kifurushi cha kuuza" / "Ajouter un forfait à vendre";
    setup_mpesa: "Connect M-Pesa" / "Unganisha M-Pesa" / "Relier M-Pesa";
    setup_router: "Connect a router" / "Unganisha ruta" / "Relier un routeur";
    setup_first_payment: "Receive the first payment" / "Pokea malipo ya kwanza" / "Recevoir le premier paiement";
    setup_first_payment_hint: "Join your Wi-Fi with a phone and buy the cheapest plan." / "Jiunge na Wi-Fi yako kwa simu na ununue kifurushi cha bei nafuu." / "Rejoignez votre Wi-Fi avec un téléphone et achetez le forfait le moins cher.";
    router_silent_for(name, time): "Router “{name}” has been silent for {time}" / "Ruta “{name}” iko kimya kwa {time}" / "Le routeur « {name} » est muet depuis {time}";
    mpesa_failing(count): "M-Pesa refused {count} requests in the last hour" / "M-Pesa imekataa maombi {count} katika saa iliyopita" / "M-Pesa a refusé {count} demandes depuis une heure";
    next_confirm[n]: "Check {n} payment that M-Pesa has not answered" | "Check {n} payments that M-Pesa has not answered" / "Kagua malipo {n} ambayo M-Pesa haijajibu" | "Kagua malipo {n} ambayo M-Pesa haijajibu" / "Vérifier {n} paiement resté sans réponse de M-Pesa" | "Vérifier {n} paiements restés sans réponse de M-Pesa";
    next_print: "Print vouchers for customers without a phone" / "Chapisha vocha kwa wateja wasio na simu" / "Imprimer des bons pour les clients sans téléphone";

    no_payments_title: "No payments yet" / "Bado hakuna malipo" / "Aucun paiement";
    no_payments_text: "Each payment appears here the moment a customer taps Pay, with everything that happened to it." / "Kila malipo yataonekana hapa mteja anapogusa Lipa, pamoja na yote yaliyotokea." / "Chaque paiement apparaît ici dès qu’un client touche Payer, avec tout ce qui lui est arrivé.";
    search_payments: "Phone, MAC, code or receipt" / "Simu, MAC, nambari au risiti" / "Téléphone, MAC, code ou reçu";
    nothing_found_payments: "No payment matches. Try part of the number, or a longer period." / "Hakuna malipo yanayolingana. Jaribu sehemu ya nambari, au kipindi kirefu zaidi." / "Aucun paiement ne correspond. Essayez une partie du numéro, ou une période plus longue.";
    note_connected: "connected" / "ameunganishwa" / "connecté";
    note_cash: "cash" / "taslimu" / "espèces";
    note_gift: "gift" / "zawadi" / "cadeau";
    note_voucher: "voucher" / "vocha" / "bon";

    timeline: "Timeline" / "Mfuatano wa matukio" / "Chronologie";
    took(time): "{time} from tap to internet" / "{time} tangu kugusa hadi mtandao" / "{time} du geste à internet";
    timeline_asked: "Customer tapped Pay" / "Mteja aligusa Lipa" / "Le client a touché Payer";
    timeline_prompt_sent: "M-Pesa request sent to the phone" / "Ombi la M-Pesa limetumwa kwenye simu" / "Demande M-Pesa envoyée au téléphone";
    timeline_callback: "M-Pesa reported the result" / "M-Pesa imeleta matokeo" / "M-Pesa a annoncé le résultat";
    timeline_confirmed: "Confirmed by asking M-Pesa" / "Imethibitishwa kwa kuuliza M-Pesa" / "Confirmé en interrogeant M-Pesa";
    timeline_ticket: "Ticket issued" / "Tiketi imetolewa" / "Ticket émis";
    timeline_router: "Let in by the router" / "Ruta imemruhusu" / "Admis par le routeur";
    timeline_first_byte: "First data" / "Data ya kwanza" / "Premières données";
    customer_was_told: "The customer was told:" / "Mteja aliambiwa:" / "Le client a lu :";
    ask_gateway_again: "Ask M-Pesa again" / "Uliza M-Pesa tena" / "Interroger M-Pesa à nouveau";
    asked_gateway_again: "Asked. The answer appears in the timeline." / "Tumeuliza. Jibu litaonekana kwenye mfuatano." / "C’est demandé. La réponse apparaîtra dans la chronologie.";
    gateway_messages: "What M-Pesa and we said" / "Mawasiliano na M-Pesa" / "Échanges avec M-Pesa";
    fact_phone: "Phone" / "Simu" / "Téléphone";
    fact_ticket: "Ticket" / "Tiketi" / "Ticket";
    fact_receipt: "M-Pesa receipt" / "Risiti ya M-Pesa" / "Reçu M-Pesa";
    fact_sold_by: "Sold by" / "Imeuzwa na" / "Vendu par";
    fact_sold: "Sold" / "Imeuzwa" / "Vendu";
    fact_payment: "Payment" / "Malipo" / "Paiement";
    fact_batch: "Batch" / "Kundi" / "Lot";
    fact_started: "Started" / "Ilianza" / "Démarré";
    fact_ends: "Ends" / "Inaisha" / "Finit";
    fact_note: "Note" / "Maelezo" / "Note";
    fact_identity: "Identity" / "Utambulisho" / "Identité";
    fact_address: "Address" / "Anwani" / "Adresse";
    fact_model: "Model" / "Modeli" / "Modèle";
    fact_online: "Online" / "Mtandaoni" / "En ligne";

    tickets_count[n]: "{n} ticket" | "{n} tickets" / "tiketi {n}" | "tiketi {n}" / "{n} ticket" | "{n} tickets";
    search_tickets: "Code, phone or MAC" / "Nambari, simu au MAC" / "Code, téléphone ou MAC";
    nothing_found_tickets: "No ticket matches. Check the code, or search by phone." / "Hakuna tiketi inayolingana. Kagua nambari, au tafuta kwa simu." / "Aucun ticket ne correspond. Vérifiez le code, ou cherchez par téléphone.";
    no_tickets_title: "No tickets yet" / "Bado hakuna tiketi" / "Aucun ticket";
    no_tickets_text: "Every sale makes a ticket: who may use the network, how long, on which devices." / "Kila mauzo hutoa tiketi: nani atumie mtandao, kwa muda gani, kwenye vifaa gani." / "Chaque vente crée un ticket : qui utilise le réseau, combien de temps, sur quels appareils.";
    revoke_ticket: "Stop this ticket" / "Simamisha tiketi hii" / "Arrêter ce ticket";
    revoke_warning: "Its devices go offline at once. This cannot be undone." / "Vifaa vyake vitatolewa mtandaoni mara moja. Haiwezi kutenduliwa." / "Ses appareils sont déconnectés aussitôt. C’est définitif.";
    revoke_now: "Stop it now" / "Simamisha sasa" / "Arrêter maintenant";
    ticket_was_revoked: "The ticket is stopped; its devices are being disconnected." / "Tiketi imesimamishwa; vifaa vyake vinatenganishwa." / "Le ticket est arrêté ; ses appareils sont déconnectés.";
    device_was_removed: "The device was removed." / "Kifaa kimeondolewa." / "L’appareil a été retiré.";

    sell_title: "Sell a ticket" / "Uza tiketi" / "Vendre un ticket";
    sell_first: "Sell a ticket" / "Uza tiketi" / "Vendre un ticket";
    sell_many: "Print many" / "Chapisha nyingi" / "En imprimer plusieurs";
    how_paid: "How is it paid?" / "Inalipwaje?" / "Comment est-ce payé ?";
    how_cash: "Cash" / "Taslimu" / "Espèces";
    how_gift: "Gift" / "Zawadi" / "Cadeau";
    tap_plan: "Tap the plan to sell it" / "Gusa kifurushi ili kukiuza" / "Touchez le forfait pour le vendre";
    sell_extras: "Customer’s phone or a note" / "Simu ya mteja au maelezo" / "Téléphone du client ou note";
    customer_phone: "Customer’s phone" / "Simu ya mteja" / "Téléphone du client";
    customer_phone_hint: "So that the ticket can be found by it later." / "Ili tiketi ipatikane kwayo baadaye." / "Pour retrouver le ticket plus tard.";
    sell_note: "Note" / "Maelezo" / "Note";
    sell_note_hint: "Why it is a gift, or anything to remember." / "Sababu ya zawadi, au jambo la kukumbuka." / "Pourquoi c’est un cadeau, ou de quoi s’en souvenir.";
    sold(plan, amount): "Sold: {plan}, {amount}. Give the customer this code." / "Imeuzwa: {plan}, {amount}. Mpe mteja nambari hii." / "Vendu : {plan}, {amount}. Donnez ce code au client.";
    given(plan): "Given: {plan}. Give the customer this code." / "Imetolewa: {plan}. Mpe mteja nambari hii." / "Offert : {plan}. Donnez ce code au client.";

    sessions_title: "Online now" / "Walioko mtandaoni" / "En ligne maintenant";
    search_sessions: "Phone, MAC, IP or code" / "Simu, MAC, IP au nambari" / "Téléphone, MAC, IP ou code";
    nothing_found_sessions: "Nobody online matches." / "Hakuna aliye mtandaoni anayelingana." / "Personne en ligne ne correspond.";
    no_sessions_title: "Nobody is online" / "Hakuna aliye mtandaoni" / "Personne n’est en ligne";
    no_sessions_text: "People appear here the moment a router lets them in." / "Watu wataonekana hapa ruta inapowaruhusu." / "Les gens apparaissent ici dès qu’un routeur les laisse entrer.";
    check_routers: "Check the routers" / "Kagua ruta" / "Vérifier les routeurs";
    since(time): "since {time}" / "tangu {time}" / "depuis {time}";
    from_to(from, to): "{from} to {to}" / "{from} hadi {to}" / "{from} à {to}";
    session_was_ended: "Disconnected. The ticket still works." / "Ametenganishwa. Tiketi bado inafanya kazi." / "Déconnecté. Le ticket reste valable.";
    session_will_end: "The ticket is closed on our side; the router has not answered yet and is asked again." / "Tumefunga upande wetu; ruta bado haijajibu na inaulizwa tena." / "C’est fermé de notre côté ; le routeur n’a pas encore répondu et est relancé.";
}

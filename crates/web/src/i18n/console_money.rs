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
    the_platform: "the platform" / "jukwaa" / "la plateforme";

    refund_ask: "Send money back" / "Rudisha pesa" / "Rembourser";
    refund_of(amount): "Send back of {amount}" / "Rudisha kutoka {amount}" / "Rembourser sur {amount}";
    refund_left(amount): "{amount} of it can go back." / "{amount} zinaweza kurudishwa." / "{amount} peuvent être rendus.";
    refund_nothing_left: "Nothing of this can go back any more." / "Hakuna kinachoweza kurudishwa tena." / "Plus rien ne peut être rendu.";
    refund_whole_hint: "By the gateway only all of it at once." / "Kwa mtandao wa malipo ni yote kwa pamoja tu." / "Par la passerelle, seulement le tout.";
    refund_amount: "Amount" / "Kiasi" / "Montant";
    refund_way: "How" / "Kwa njia gani" / "Comment";
    refund_reason: "Why" / "Kwa nini" / "Pourquoi";
    refund_reason_hint: "For the one who agrees to it, and for the books." / "Kwa anayekubali, na kwa vitabu." / "Pour qui l’approuve, et pour les comptes.";
    refund_reason_wrong: "Say why, in at most 200 characters." / "Sema kwa nini, kwa herufi 200 au chache." / "Dites pourquoi, en 200 caractères au plus.";
    refund_revoke: "Stop the ticket too" / "Simamisha tiketi pia" / "Arrêter aussi le ticket";
    refund_second: "Somebody else must agree before money moves." / "Mtu mwingine lazima akubali kabla ya pesa kwenda." / "Quelqu’un d’autre doit approuver avant que l’argent parte.";
    refund_was_asked: "Asked for. It goes once it is agreed to." / "Imeombwa. Itatumwa ikikubaliwa." / "Demandé. Il part dès qu’il est approuvé.";
    was_decided: "Decided." / "Imeamuliwa." / "Décidé.";
    back_by_gateway: "by the gateway" / "kwa mtandao wa malipo" / "par la passerelle";
    back_to_wallet: "into the customer’s credit" / "kwenye salio la mteja" / "en crédit du client";
    back_in_cash: "in cash, out of your till" / "taslimu, kutoka droo yako" / "en espèces, de votre caisse";
    back_by_hand: "I send it myself" / "Nitatuma mwenyewe" / "Je l’envoie moi-même";
    refunds_text: "Money that goes back to customers: one asks, another agrees, then it is sent." / "Pesa zinazorudi kwa wateja: mmoja anaomba, mwingine anakubali, kisha zinatumwa." / "L’argent rendu aux clients : l’un demande, un autre approuve, puis il part.";
    refunds_empty_title: "No refunds" / "Hakuna marejesho" / "Aucun remboursement";
    refunds_empty_text: "Open a payment and choose “Send money back”; it will wait here for somebody to agree." / "Fungua malipo na uchague “Rudisha pesa”; yatasubiri hapa mtu akubali." / "Ouvrez un paiement et choisissez « Rembourser » ; il attendra ici une approbation.";
    sent_requested: "to be agreed to" / "inasubiri kukubaliwa" / "à approuver";
    sent_approved: "agreed to" / "imekubaliwa" / "approuvé";
    sent_sending: "being sent" / "inatumwa" / "en cours d’envoi";
    sent_sent: "sent, waiting for the gateway" / "imetumwa, inasubiri jibu" / "envoyé, en attente de réponse";
    sent_done: "done" / "imekamilika" / "fait";
    sent_refused: "did not go" / "haikwenda" / "n’est pas parti";
    sent_unknown: "nobody knows: check it" / "haijulikani: kagua" / "inconnu : à vérifier";
    sent_declined: "declined" / "imekataliwa" / "refusé";
    asked_by: "Asked for by" / "Imeombwa na" / "Demandé par";
    decided_by: "Decided by" / "Imeamuliwa na" / "Décidé par";
    finished_at: "Finished" / "Imekamilika" / "Terminé";
    gateway_said: "What the gateway said" / "Mtandao wa malipo ulisema" / "Réponse de la passerelle";
    decide_title: "Shall this money go?" / "Pesa hizi ziende?" / "Cet argent doit-il partir ?";
    decide_text: "Check whom it is for and why. Once it has gone, nobody can take it back from here." / "Kagua ni ya nani na kwa nini. Ikishaondoka, haiwezi kurudishwa kutoka hapa." / "Vérifiez pour qui et pourquoi. Une fois parti, on ne peut plus le reprendre d’ici.";
    decide_own: "You asked for it yourself: somebody else agrees to it, unless you are alone." / "Uliomba mwenyewe: mwingine akubali, isipokuwa uko peke yako." / "Vous l’avez demandé : un autre doit approuver, sauf si vous êtes seul.";
    agree: "Agree: send it" / "Kubali: tuma" / "Approuver : envoyer";
    decline: "Decline" / "Kataa" / "Refuser";
    take_back: "Take it back" / "Ondoa ombi" / "Retirer la demande";
    resolve_title: "Did the money go?" / "Je, pesa zilienda?" / "L’argent est-il parti ?";
    resolve_text: "Nobody told us. Look into the gateway’s own portal or ask the customer, then say what you found." / "Hakuna aliyetujulisha. Angalia kwenye tovuti ya mtandao wa malipo au muulize mteja, kisha useme ulichokuta." / "Personne ne nous l’a dit. Regardez sur le portail de la passerelle ou demandez au client, puis dites ce qu’il en est.";
    resolve_by_hand: "Send it from your own phone, then say so here." / "Tuma kutoka simu yako, kisha useme hapa." / "Envoyez-le de votre téléphone, puis dites-le ici.";
    resolve_receipt: "Receipt number, if you know it" / "Nambari ya risiti, kama unaijua" / "Numéro de reçu, si vous l’avez";
    it_went: "Yes, it went" / "Ndiyo, zilienda" / "Oui, il est parti";
    it_did_not_go: "No, it did not" / "Hapana, hazikwenda" / "Non, il n’est pas parti";

    payouts_text(owed, free): "The platform owes you {owed}; {free} can be paid out now." / "Jukwaa linadaiwa {owed} nawe; {free} zinaweza kutumwa sasa." / "La plateforme vous doit {owed} ; {free} peuvent être versés maintenant.";
    payouts_none: "The platform collects nothing for you: money goes straight into your own accounts." / "Jukwaa halikukusanyii: pesa huingia kwenye akaunti zako moja kwa moja." / "La plateforme n’encaisse rien pour vous : l’argent va droit sur vos comptes.";
    payout_ask: "Ask for a payout" / "Omba kutumiwa pesa" / "Demander un versement";
    payout_to(phone): "It goes to {phone}, once a second member agrees." / "Zitatumwa kwa {phone}, mwanachama wa pili akikubali." / "Il va au {phone}, dès qu’un second membre approuve.";
    payout_no_phone: "Say first which phone payouts go to." / "Kwanza taja simu ya kupokea pesa." / "Dites d’abord à quel téléphone verser.";
    payout_was_asked: "Asked for. A second member must agree." / "Imeombwa. Mwanachama wa pili lazima akubali." / "Demandé. Un second membre doit approuver.";
    payouts_empty_title: "No payouts yet" / "Bado hakuna utumaji" / "Aucun versement";
    payouts_empty_text: "What the platform has sent you stands here." / "Zilizotumwa na jukwaa huonekana hapa." / "Ce que la plateforme vous a versé figure ici.";
    payout_title(amount): "Payout of {amount}" / "Utumaji wa {amount}" / "Versement de {amount}";
    amount_impossible: "Not this amount: check what is left, and whether all of it must go at once." / "Si kiasi hiki: kagua kilichobaki, na kama yote yaende kwa pamoja." / "Pas ce montant : vérifiez ce qui reste, et si tout doit partir d’un coup.";
}

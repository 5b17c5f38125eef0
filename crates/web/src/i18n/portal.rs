//! The portal's words. Short, verbs first, as one would say it across the counter.

use super::messages;

messages! {
    choose_plan: "Choose a plan" / "Chagua kifurushi" / "Choisissez un forfait";
    choose_language: "Language" / "Lugha" / "Langue";
    most_bought: "most bought" / "kinachopendwa" / "le plus choisi";
    phone_for_mpesa: "Phone number for M-Pesa" / "Nambari ya simu ya M-Pesa" / "Numéro de téléphone M-Pesa";
    for_example(example): "For example {example}" / "Kwa mfano {example}" / "Par exemple {example}";
    pay: "Pay" / "Lipa" / "Payer";
    pay_amount(amount): "Pay {amount}" / "Lipa {amount}" / "Payer {amount}";
    pay_hint: "An M-Pesa request comes to this phone. You pay by entering your PIN." / "Utapokea ombi la M-Pesa kwenye simu hii. Unalipa kwa kuweka PIN yako." / "Une demande M-Pesa arrive sur ce téléphone. Vous payez en saisissant votre code PIN.";
    same_as_last_time: "Same as last time" / "Kama mara ya mwisho" / "Comme la dernière fois";
    no_plans_title: "Nothing is for sale right now" / "Hakuna kinachouzwa kwa sasa" / "Rien n’est en vente pour le moment";
    no_plans_text: "Come back a little later, or use a voucher if you have one." / "Rudi baadaye kidogo, au tumia vocha kama unayo." / "Revenez un peu plus tard, ou utilisez un bon si vous en avez un.";
    already_online_ticket: "You already have a ticket" / "Tayari una tiketi" / "Vous avez déjà un ticket";
    connect_again: "Connect again" / "Unganisha tena" / "Se reconnecter";
    have_voucher: "Have a voucher?" / "Una vocha?" / "J’ai un bon";
    already_paid: "Already paid?" / "Umeshalipa?" / "Déjà payé ?";
    help: "Help" / "Msaada" / "Aide";
    back: "Back" / "Rudi" / "Retour";
    back_to_plans: "Back to plans" / "Rudi kwenye vifurushi" / "Retour aux forfaits";
    phone_missing: "Type the phone number that pays." / "Andika nambari ya simu itakayolipa." / "Saisissez le numéro qui va payer.";
    phone_wrong(example): "This is not a phone number we can ask. Write it like {example}." / "Hatuwezi kutuma ombi kwa nambari hii. Iandike kama {example}." / "Nous ne pouvons pas interroger ce numéro. Écrivez-le comme {example}.";
    plan_missing: "Choose a plan first." / "Chagua kifurushi kwanza." / "Choisissez d’abord un forfait.";
    plan_gone: "This plan is no longer sold. Choose another one." / "Kifurushi hiki hakiuzwi tena. Chagua kingine." / "Ce forfait n’est plus vendu. Choisissez-en un autre.";
    too_many_requests: "Too many tries. Wait a minute and try again." / "Umejaribu mara nyingi. Subiri dakika moja ujaribu tena." / "Trop d’essais. Attendez une minute et réessayez.";

    waiting_title: "Waiting for your payment" / "Tunasubiri malipo yako" / "En attente de votre paiement";
    enter_pin: "Check your phone and enter your M-Pesa PIN" / "Angalia simu yako uweke PIN ya M-Pesa" / "Regardez votre téléphone et saisissez votre code PIN M-Pesa";
    asking_mpesa: "Sending the request to your phone" / "Tunatuma ombi kwenye simu yako" / "Nous envoyons la demande à votre téléphone";
    checking_mpesa: "Asking M-Pesa about your payment" / "Tunauliza M-Pesa kuhusu malipo yako" / "Nous demandons à M-Pesa où en est votre paiement";
    checking_hint: "If you have entered your PIN, just wait: you will not be charged twice." / "Kama umeshaweka PIN, subiri tu: hutakatwa mara mbili." / "Si vous avez saisi votre code PIN, attendez : vous ne serez pas débité deux fois.";
    connecting_you: "Paid. Connecting you" / "Umelipa. Tunakuunganisha" / "Payé. Connexion en cours";
    for_plan(plan, price): "{plan}, {price}" / "{plan}, {price}" / "{plan}, {price}";
    sent_to(phone): "Sent to {phone}" / "Limetumwa kwa {phone}" / "Envoyée au {phone}";
    step_sent: "Request sent" / "Ombi limetumwa" / "Demande envoyée";
    step_pin: "Enter your PIN" / "Weka PIN" / "Saisir le code PIN";
    step_connected: "Connected" / "Umeunganishwa" / "Connecté";
    seconds_short: "seconds" / "sekunde" / "secondes";
    check_again: "Check again" / "Angalia tena" / "Vérifier à nouveau";
    keep_address: "You may close this page: we finish without it." / "Unaweza kufunga ukurasa huu: tutamaliza bila huo." / "Vous pouvez fermer cette page : nous terminons sans elle.";
    no_prompt_title: "No request on your phone?" / "Hujapata ombi kwenye simu?" / "Pas de demande sur votre téléphone ?";
    by_hand_title: "Pay by hand" / "Lipa mwenyewe" / "Payer vous-même";
    by_hand_intro_paybill: "On your phone: M-Pesa, Lipa na M-Pesa, Pay Bill." / "Kwenye simu: M-Pesa, Lipa na M-Pesa, Pay Bill." / "Sur votre téléphone : M-Pesa, Lipa na M-Pesa, Pay Bill.";
    by_hand_intro_till: "On your phone: M-Pesa, Lipa na M-Pesa, Buy Goods." / "Kwenye simu: M-Pesa, Lipa na M-Pesa, Buy Goods." / "Sur votre téléphone : M-Pesa, Lipa na M-Pesa, Buy Goods.";
    by_hand_then: "When the M-Pesa message comes, use “Already paid?”." / "Ukipata ujumbe wa M-Pesa, tumia “Umeshalipa?”." / "Quand le message M-Pesa arrive, utilisez « Déjà payé ? ».";
    business_number: "Business number" / "Nambari ya biashara" / "Numéro Pay Bill";
    till_number: "Till number" / "Nambari ya till" / "Numéro de caisse (till)";
    account_number: "Account" / "Akaunti" / "Compte";
    amount: "Amount" / "Kiasi" / "Montant";
    copy: "Copy" / "Nakili" / "Copier";
    copied: "Copied" / "Imenakiliwa" / "Copié";
    cancel: "Cancel" / "Ghairi" / "Annuler";

    failed_title: "Not paid yet" / "Bado hujalipa" / "Pas encore payé";
    try_again: "Try again" / "Jaribu tena" / "Réessayer";
    use_other_number: "Use another number" / "Tumia nambari nyingine" / "Utiliser un autre numéro";
    choose_other_plan: "Choose another plan" / "Chagua kifurushi kingine" / "Choisir un autre forfait";
    i_have_paid: "I have already paid" / "Nimeshalipa" / "J’ai déjà payé";

    success_title: "You are online" / "Uko mtandaoni" / "Vous êtes en ligne";
    success_ready: "Paid. Your ticket is ready" / "Umelipa. Tiketi yako iko tayari" / "Payé. Votre ticket est prêt";
    online_until(time): "Online until {time}" / "Mtandao hadi {time}" / "En ligne jusqu’à {time}";
    starts_with_use: "Time starts when you connect." / "Muda unaanza ukiunganisha." / "Le temps démarre à la connexion.";
    connect_now: "Connect now" / "Unganisha sasa" / "Se connecter";
    connect_hint: "One tap and the Wi-Fi opens." / "Gusa mara moja na Wi-Fi itafunguka." / "Un geste et le Wi-Fi s’ouvre.";
    go_on: "Start browsing" / "Anza kutumia mtandao" / "Commencer à naviguer";
    elsewhere_hint: "At the hotspot, type this code or scan the QR code." / "Ukiwa kwenye hotspot, andika nambari hii au piga picha ya QR." / "Au hotspot, saisissez ce code ou scannez le QR code.";
    your_code: "Your code" / "Nambari yako ya tiketi" / "Votre code";
    keep_code: "Keep it: it brings you back online on any phone." / "Ihifadhi: itakurudisha mtandaoni kwenye simu yoyote." / "Gardez-le : il vous reconnecte sur n’importe quel téléphone.";
    add_device: "Add a device" / "Ongeza kifaa" / "Ajouter un appareil";
    add_device_how: "Join the same Wi-Fi on the other device and scan this, or type the code under “Have a voucher?”." / "Jiunge na Wi-Fi hii kwenye kifaa kingine kisha piga picha ya QR, au andika nambari kwenye “Una vocha?”." / "Sur l’autre appareil, rejoignez le même Wi-Fi et scannez ceci, ou saisissez le code sous « J’ai un bon ».";
    works_on(devices): "Works on {devices} at a time." / "Inatumika kwenye {devices} kwa wakati mmoja." / "Fonctionne sur {devices} à la fois.";
    receipt: "Receipt" / "Risiti" / "Reçu";
    time_and_data: "Time and data left" / "Muda na data iliyobaki" / "Temps et données restants";

    voucher_title: "Type your code" / "Andika nambari yako" / "Saisissez votre code";
    voucher_label: "Code of your voucher or ticket" / "Nambari ya vocha au tiketi" / "Code de votre bon ou ticket";
    voucher_hint: "Ten letters and digits. Spaces and small letters are fine." / "Herufi na tarakimu kumi. Nafasi na herufi ndogo si tatizo." / "Dix lettres et chiffres. Espaces et minuscules ne gênent pas.";
    connect: "Connect" / "Unganisha" / "Se connecter";
    voucher_missing: "Type the code first." / "Andika nambari kwanza." / "Saisissez d’abord le code.";

    paid_title: "I have already paid" / "Nimeshalipa" / "J’ai déjà payé";
    paid_label: "The M-Pesa message, or its code" / "Ujumbe wa M-Pesa, au nambari yake" / "Le message M-Pesa, ou son code";
    paid_hint: "Paste the whole message, or type its first word, like SGH7KL2M9P." / "Bandika ujumbe wote, au andika neno lake la kwanza, kama SGH7KL2M9P." / "Collez tout le message, ou saisissez son premier mot, comme SGH7KL2M9P.";
    find_payment: "Find my payment" / "Tafuta malipo yangu" / "Trouver mon paiement";
    paid_missing: "Paste the message or type the code first." / "Bandika ujumbe au andika nambari kwanza." / "Collez d’abord le message ou saisissez le code.";
    paid_no_code: "There is no M-Pesa code in this. It has ten letters and digits and stands first in the message." / "Hakuna nambari ya M-Pesa hapa. Ina herufi na tarakimu kumi na iko mwanzo wa ujumbe." / "Il n’y a pas de code M-Pesa ici. Il compte dix lettres et chiffres et ouvre le message.";
    paid_looking(receipt): "We are asking M-Pesa about {receipt}. Check again in a minute." / "Tunauliza M-Pesa kuhusu {receipt}. Angalia tena baada ya dakika moja." / "Nous interrogeons M-Pesa au sujet de {receipt}. Revenez dans une minute.";
    paid_not_found(receipt): "We have not received {receipt}. If you paid a minute ago, wait and try again; else check the number you paid to." / "Hatujapokea {receipt}. Kama umelipa sasa hivi, subiri kidogo ujaribu tena; la sivyo kagua nambari uliyolipia." / "Nous n’avons pas reçu {receipt}. Si vous venez de payer, attendez et réessayez ; sinon vérifiez le numéro payé.";
    paid_already_used: "This payment was used before. Its ticket opens with its code." / "Malipo haya yalishatumika. Tumia nambari ya tiketi yake." / "Ce paiement a déjà servi. Son ticket s’ouvre avec son code.";

    status_title: "Your ticket" / "Tiketi yako" / "Votre ticket";
    time_left: "Time" / "Muda" / "Temps";
    data_left: "Data" / "Data" / "Données";
    left(what): "{what} left" / "{what} imebaki" / "{what} restants";
    until(time): "until {time}" / "hadi {time}" / "jusqu’à {time}";
    out_of(whole): "of {whole}" / "kati ya {whole}" / "sur {whole}";
    unlimited: "No limit" / "Bila kikomo" / "Illimité";
    time_not_started: "Not started yet" / "Bado haijaanza" / "Pas encore démarré";
    extend: "Extend" / "Ongeza muda" / "Prolonger";
    buy_again: "Buy again" / "Nunua tena" / "Racheter";
    devices_title: "Devices" / "Vifaa" / "Appareils";
    devices_used(used, limit): "{used} of {limit}" / "{used} kati ya {limit}" / "{used} sur {limit}";
    this_device: "this device" / "kifaa hiki" / "cet appareil";
    online_word: "online" / "mtandaoni" / "en ligne";
    last_seen(ago): "seen {ago}" / "kilionekana {ago}" / "vu {ago}";
    remove: "Remove" / "Ondoa" / "Retirer";
    disconnect: "Disconnect" / "Tenganisha" / "Se déconnecter";
    disconnect_hint: "The ticket stays yours; connect again whenever you like." / "Tiketi inabaki yako; unganisha tena wakati wowote." / "Le ticket reste à vous ; reconnectez-vous quand vous voulez.";
    was_disconnected: "Disconnected. The ticket is still yours." / "Umetenganishwa. Tiketi bado ni yako." / "Déconnecté. Le ticket reste à vous.";
    no_devices_yet: "No device yet. The first one to connect appears here." / "Bado hakuna kifaa. Cha kwanza kuunganishwa kitaonekana hapa." / "Aucun appareil. Le premier à se connecter apparaîtra ici.";

    receipt_title(number): "Receipt {number}" / "Risiti {number}" / "Reçu {number}";
    receipt_paid_at: "Paid" / "Imelipwa" / "Payé le";
    receipt_plan: "Plan" / "Kifurushi" / "Forfait";
    receipt_from: "From" / "Kutoka" / "De";
    receipt_method: "By" / "Kwa" / "Par";
    receipt_gateway: "M-Pesa code" / "Nambari ya M-Pesa" / "Code M-Pesa";
    receipt_total: "Total" / "Jumla" / "Total";
    thank_you: "Thank you." / "Asante." / "Merci.";
    print: "Print" / "Chapisha" / "Imprimer";
    print_hint: "To keep it, take a screenshot or print this page." / "Ili uihifadhi, piga picha ya skrini au chapisha ukurasa huu." / "Pour le garder, faites une capture d’écran ou imprimez cette page.";

    help_title: "Help" / "Msaada" / "Aide";
    help_no_prompt_q: "No request came to my phone" / "Sijapata ombi kwenye simu" / "Aucune demande sur mon téléphone";
    help_no_prompt_a: "Check the number, that the phone is on, and that no other M-Pesa request is open. Dial *234# to update an old SIM. You can always pay by hand." / "Kagua nambari, hakikisha simu imewashwa, na hakuna ombi lingine la M-Pesa. Piga *234# kusasisha SIM ya zamani. Unaweza pia kulipa mwenyewe." / "Vérifiez le numéro, que le téléphone est allumé et qu’aucune autre demande M-Pesa n’est ouverte. Composez *234# pour mettre à jour une vieille SIM. Vous pouvez toujours payer vous-même.";
    help_paid_q: "I paid but I am not online" / "Nimelipa lakini siko mtandaoni" / "J’ai payé mais je ne suis pas en ligne";
    help_paid_a: "Open “Already paid?” and paste the M-Pesa message. You are never charged twice for one ticket." / "Fungua “Umeshalipa?” na ubandike ujumbe wa M-Pesa. Hutakatwa mara mbili kwa tiketi moja." / "Ouvrez « Déjà payé ? » et collez le message M-Pesa. Un ticket n’est jamais débité deux fois.";
    help_other_phone_q: "I changed my phone" / "Nimebadilisha simu" / "J’ai changé de téléphone";
    help_other_phone_a: "Open “Have a voucher?” on the new phone and type the code of your ticket." / "Fungua “Una vocha?” kwenye simu mpya na uandike nambari ya tiketi yako." / "Ouvrez « J’ai un bon » sur le nouveau téléphone et saisissez le code de votre ticket.";
    help_voucher_q: "I have a paper voucher" / "Nina vocha ya karatasi" / "J’ai un bon en papier";
    help_voucher_a: "Open “Have a voucher?” and type its code." / "Fungua “Una vocha?” na uandike nambari yake." / "Ouvrez « J’ai un bon » et saisissez son code.";
    call_us: "Call us" / "Tupigie simu" / "Appelez-nous";

    not_found_title: "This page is not here" / "Ukurasa huu haupo" / "Cette page n’existe pas";
    not_found_text: "The address is wrong or too old." / "Anwani si sahihi au ni ya zamani." / "L’adresse est fausse ou trop ancienne.";
    fault_title: "This did not work" / "Haikufanikiwa" / "Cela n’a pas marché";
    fault_text: "The fault is ours. Nothing was taken; try again in a moment." / "Kosa ni letu. Hakuna pesa iliyokatwa; jaribu tena baada ya muda mfupi." / "La faute est de notre côté. Rien n’a été débité ; réessayez dans un instant.";

    payment_pending: "waiting" / "inasubiri" / "en attente";
    payment_success: "paid" / "imelipwa" / "payé";
    payment_failed: "failed" / "imeshindwa" / "échoué";
    payment_expired: "no answer" / "hakujibu" / "sans réponse";
    payment_cancelled: "cancelled" / "imeghairiwa" / "annulé";
    payment_refunded: "refunded" / "imerudishwa" / "remboursé";
    ticket_unused: "not used yet" / "haijatumika" / "pas encore utilisé";
    ticket_active: "active" / "inatumika" / "actif";
    ticket_used_up: "used up" / "imeisha" / "épuisé";
    ticket_expired: "over" / "muda umeisha" / "terminé";
    ticket_revoked: "stopped" / "imesimamishwa" / "arrêté";
}

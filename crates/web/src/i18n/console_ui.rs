//! Words that stand on every console page, and the ways in and out of it.

use super::messages;

messages! {
    menu: "Menu" / "Menyu" / "Menu";
    skip_to_content: "Skip to content" / "Ruka hadi yaliyomo" / "Aller au contenu";
    nav_home: "Home" / "Mwanzo" / "Accueil";
    nav_sell: "Sell" / "Uza" / "Vendre";
    nav_payments: "Payments" / "Malipo" / "Paiements";
    nav_sessions: "Sessions" / "Walioko" / "Sessions";
    nav_tickets: "Tickets" / "Tiketi" / "Tickets";
    nav_batches: "Vouchers" / "Vocha" / "Bons";
    nav_plans: "Plans" / "Vifurushi" / "Forfaits";
    nav_routers: "Routers" / "Ruta" / "Routeurs";
    nav_mpesa: "M-Pesa" / "M-Pesa" / "M-Pesa";
    nav_settings: "Settings" / "Mipangilio" / "Réglages";
    nav_more: "More" / "Zaidi" / "Plus";
    search: "Search" / "Tafuta" / "Rechercher";
    show: "Show" / "Onyesha" / "Afficher";
    show_all: "Show all" / "Onyesha yote" / "Tout afficher";
    see_all: "See all" / "Ona yote" / "Tout voir";
    pages: "Pages" / "Kurasa" / "Pages";
    newest: "Newest" / "Mpya zaidi" / "Plus récents";
    older: "Older" / "Za zamani" / "Plus anciens";
    save: "Save" / "Hifadhi" / "Enregistrer";
    saved: "Saved." / "Imehifadhiwa." / "Enregistré.";
    download: "Download" / "Pakua" / "Télécharger";
    details: "Details" / "Maelezo" / "Détails";
    look: "Look" / "Angalia" / "Voir";
    confirm: "Confirm" / "Thibitisha" / "Confirmer";
    set_up_now: "Set up" / "Sanidi" / "Configurer";
    any_status: "Any status" / "Hali zote" / "Tous les statuts";
    nothing_found_title: "Nothing found" / "Hakuna kilichopatikana" / "Rien trouvé";
    fields_wrong: "Some fields need another look; nothing was saved." / "Sehemu zingine zinahitaji kurekebishwa; hakuna kilichohifadhiwa." / "Certains champs sont à revoir ; rien n’a été enregistré.";
    field_missing: "Fill this in." / "Jaza hapa." / "À remplir.";
    number_wrong: "Write a number, like 20 or 2.5." / "Andika nambari, kama 20 au 2.5." / "Écrivez un nombre, comme 20 ou 2,5.";
    not_allowed_title: "You may not do this" / "Huruhusiwi kufanya hivi" / "Vous n’y êtes pas autorisé";
    not_allowed_text: "Ask the owner of this business to do it, or to change your role." / "Mwombe mwenye biashara hii afanye, au abadilishe jukumu lako." / "Demandez au propriétaire de le faire, ou de changer votre rôle.";
    console_not_found_text: "It may have been removed, or the address is wrong." / "Huenda imeondolewa, au anwani si sahihi." / "La page a peut-être été supprimée, ou l’adresse est fausse.";
    console_fault_text: "The fault is ours and it is in our log. Nothing was changed; try again." / "Kosa ni letu na limeandikwa. Hakuna kilichobadilika; jaribu tena." / "La faute est de notre côté et elle est notée. Rien n’a changé ; réessayez.";
    go_home: "Go to the home page" / "Nenda mwanzo" / "Aller à l’accueil";

    sign_in: "Sign in" / "Ingia" / "Se connecter";
    sign_out: "Sign out" / "Toka" / "Se déconnecter";
    username: "User name" / "Jina la mtumiaji" / "Nom d’utilisateur";
    password: "Password" / "Nenosiri" / "Mot de passe";
    sign_in_wrong: "User name and password do not match. Check both and try again." / "Jina la mtumiaji na nenosiri havilingani. Kagua vyote viwili ujaribu tena." / "Le nom et le mot de passe ne correspondent pas. Vérifiez les deux et réessayez.";
    sign_in_too_often: "Too many tries. Wait a minute and try again." / "Umejaribu mara nyingi. Subiri dakika moja ujaribu tena." / "Trop d’essais. Attendez une minute et réessayez.";
    sign_in_needed: "Sign in to go on." / "Ingia ili uendelee." / "Connectez-vous pour continuer.";
    signed_out: "You are signed out." / "Umetoka." / "Vous êtes déconnecté.";

    col_when: "When" / "Lini" / "Quand";
    col_customer: "Customer" / "Mteja" / "Client";
    col_plan: "Plan" / "Kifurushi" / "Forfait";
    col_status: "Status" / "Hali" / "Statut";
    col_code: "Code" / "Nambari" / "Code";
    col_device: "Device" / "Kifaa" / "Appareil";
    col_traffic: "Traffic" / "Data" / "Trafic";
    col_router: "Router" / "Ruta" / "Routeur";
    price: "Price" / "Bei" / "Prix";
    period: "Period" / "Kipindi" / "Période";
    period_today: "Today" / "Leo" / "Aujourd’hui";
    period_week: "7 days" / "Siku 7" / "7 jours";
    period_month: "30 days" / "Siku 30" / "30 jours";
    period_all: "All time" / "Zote" / "Depuis le début";

    theme: "Colours" / "Rangi" / "Couleurs";
    theme_auto: "As the system" / "Kama mfumo" / "Comme le système";
    theme_light: "Light" / "Angavu" / "Clair";
    theme_dark: "Dark" / "Giza" / "Sombre";
}

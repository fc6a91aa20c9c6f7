/** Every word of the pages of phone, counter and issuer, in both languages; a test holds that none lacks one or is unused. */
export const WORDS = {
  cancel: { en: 'Cancel', fr: 'Annuler' },
  confirm: { en: 'OK', fr: 'OK' },
  goOn: { en: 'Continue', fr: 'Continuer' },

  phoneTitle: { en: 'Test card on this phone', fr: 'Carte de test sur ce téléphone' },
  tabs: { en: 'Parts of the phone', fr: 'Rubriques du téléphone' },
  tabShow: { en: 'Show', fr: 'Présenter' },
  tabInvoices: { en: 'Invoices', fr: 'Factures' },
  tabSettings: { en: 'Settings', fr: 'Réglages' },

  blankTitle: { en: 'No card yet', fr: 'Pas encore de carte' },
  blankText: {
    en: 'This phone has an empty card. To fill it you need a ticket from the issuer, and a secret code that you choose now.',
    fr: 'Ce téléphone a une carte vide. Pour la remplir, il faut un ticket de l’émetteur et un code secret, choisi maintenant.',
  },
  ticket: { en: 'Ticket', fr: 'Ticket' },
  ticketHint: { en: 'As the issuer printed it.', fr: 'Tel que l’émetteur l’a affiché.' },
  ticketMissing: { en: 'Type the ticket first.', fr: 'Saisissez d’abord le ticket.' },
  consentActivation: {
    en: 'I agree that the issuer writes my data onto the card on this phone. A card of mine on another phone ends with it.',
    fr: 'J’accepte que l’émetteur écrive mes données sur la carte de ce téléphone. Ma carte sur un autre téléphone s’arrête alors.',
  },
  consentMissing: { en: 'Without this consent nothing is written.', fr: 'Sans cet accord, rien n’est écrit.' },
  activating: { en: 'The card is being written…', fr: 'Écriture de la carte…' },
  pendingTitle: { en: 'Activation not finished', fr: 'Activation inachevée' },
  pendingText: {
    en: 'It was interrupted. The card stays inoperative until it is finished; nothing was lost.',
    fr: 'Elle a été interrompue. La carte reste inopérante jusqu’à la fin ; rien n’est perdu.',
  },

  chooseCode: { en: 'Choose a secret code', fr: 'Choisissez un code secret' },
  chooseCodeHint: {
    en: '6 digits. Not six equal ones, not a row such as 123456, not your date of birth.',
    fr: '6 chiffres. Ni six fois le même, ni une suite comme 123456, ni votre date de naissance.',
  },
  repeatCode: { en: 'Type the new code again', fr: 'Saisissez encore le nouveau code' },
  codesDiffer: {
    en: 'The two codes differ. Choose the code again.',
    fr: 'Les deux codes sont différents. Choisissez encore le code.',
  },
  typeCode: { en: 'Type your code', fr: 'Saisissez votre code' },
  typeOldCode: { en: 'Type the code that holds now', fr: 'Saisissez le code actuel' },
  keypad: { en: 'Keypad', fr: 'Clavier' },
  keypadHint: {
    en: 'Press the keys, or type digits on the keyboard; Enter when done.',
    fr: 'Appuyez sur les touches ou tapez les chiffres au clavier ; Entrée pour finir.',
  },
  digitsTyped: { en: '{typed} of {all} digits typed', fr: '{typed} chiffres sur {all}' },
  erase: { en: 'Erase', fr: 'Effacer' },
  triesLeft: { en: 'Tries left: {tries}', fr: 'Essais restants : {tries}' },
  codeBlocked: {
    en: 'The code is blocked: no try is left. The card must be activated anew.',
    fr: 'Le code est bloqué : plus d’essai. Il faut activer la carte à nouveau.',
  },

  showTitle: { en: 'Show the card', fr: 'Présenter la carte' },
  showText: {
    en: 'Choose how. Each time you agree, and type your code.',
    fr: 'Choisissez comment. À chaque fois, vous donnez votre accord et votre code.',
  },
  showNfc: { en: 'Near a reader (NFC)', fr: 'Près d’un lecteur (NFC)' },
  showPresence: { en: 'QR code', fr: 'QR code' },
  showOffline: { en: 'QR code without network', fr: 'QR code sans réseau' },
  consentTitle: { en: 'Do you agree?', fr: 'Êtes-vous d’accord ?' },
  consentNfc: {
    en: 'For 60 seconds one reader of a professional may read your names, birth dates and NIR, your rights and affiliation, those of your dependants, and your invoices.',
    fr: 'Pendant 60 secondes, un seul lecteur d’un professionnel peut lire vos noms, dates de naissance et NIR, vos droits et votre rattachement, ceux de vos ayants droit, et vos factures.',
  },
  consentPresence: {
    en: 'The professional who scans the code asks the issuer for your names, birth dates and NIR, your rights and affiliation, and those of your dependants. The code itself says nothing; it serves once, for 60 seconds.',
    fr: 'Le professionnel qui lit le code demande à l’émetteur vos noms, dates de naissance et NIR, vos droits et votre rattachement, et ceux de vos ayants droit. Le code seul ne dit rien ; il sert une fois, pendant 60 secondes.',
  },
  consentOffline: {
    en: 'The code itself holds your names, birth dates and NIR, your rights and affiliation, and those of your dependants. Whoever takes a picture of it can read them. No invoices. It counts for 60 seconds.',
    fr: 'Le code contient vos noms, dates de naissance et NIR, vos droits et votre rattachement, et ceux de vos ayants droit. Qui le photographie peut les lire. Aucune facture. Il vaut 60 secondes.',
  },
  agree: { en: 'I agree', fr: 'J’accepte' },
  windowTitle: { en: 'Hold the phone near the reader', fr: 'Approchez le téléphone du lecteur' },
  windowText: {
    en: 'One reader may read the card once. It needs this number:',
    fr: 'Un seul lecteur peut lire la carte, une fois. Il lui faut ce numéro :',
  },
  can: { en: 'Card access number', fr: 'Numéro d’accès de la carte' },
  remaining: { en: 'Time left', fr: 'Temps restant' },
  stopShowing: { en: 'Stop', fr: 'Arrêter' },
  windowOver: { en: 'The card can no longer be read.', fr: 'La carte ne peut plus être lue.' },
  qrPresenceTitle: { en: 'Let the professional scan this', fr: 'Faites lire ce code par le professionnel' },
  qrOfflineTitle: { en: 'Code without network: let it be scanned', fr: 'Code sans réseau : faites-le lire' },
  qrName: { en: 'QR code for the professional’s scanner', fr: 'QR code pour le lecteur du professionnel' },
  qrOver: {
    en: 'The code has run out and is gone. Make a new one if it was not scanned.',
    fr: 'Le code a expiré et a disparu. Faites-en un autre s’il n’a pas été lu.',
  },
  qrHidden: {
    en: 'The code was taken off the screen when this page went out of sight.',
    fr: 'Le code a été retiré de l’écran quand la page n’était plus visible.',
  },

  invoicesTitle: { en: 'Invoices', fr: 'Factures' },
  invoicesText: {
    en: 'The summaries that professionals sent back. They stand in the card, behind your code.',
    fr: 'Les résumés renvoyés par les professionnels. Ils sont dans la carte, derrière votre code.',
  },
  invoicesShow: { en: 'Show invoices', fr: 'Afficher les factures' },
  invoicesHide: { en: 'Hide invoices', fr: 'Masquer les factures' },
  invoicesNone: { en: 'No invoice yet.', fr: 'Pas encore de facture.' },
  invoiceFor: { en: 'for {beneficiary}', fr: 'pour {beneficiary}' },
  total: { en: 'Total', fr: 'Total' },
  amo: { en: 'Compulsory insurance (AMO)', fr: 'Assurance obligatoire (AMO)' },
  amc: { en: 'Complementary insurance (AMC)', fr: 'Complémentaire (AMC)' },
  patientPart: { en: 'Your part', fr: 'Votre part' },
  thirdParty: { en: 'third-party payment', fr: 'tiers payant' },
  statusRecorded: { en: 'recorded', fr: 'enregistrée' },
  statusSent: { en: 'sent', fr: 'envoyée' },
  statusPaid: { en: 'paid', fr: 'payée' },
  statusRejected: { en: 'rejected', fr: 'rejetée' },

  settingsTitle: { en: 'Settings', fr: 'Réglages' },
  changeCode: { en: 'Change the code', fr: 'Changer le code' },
  codeChanged: { en: 'The code is changed.', fr: 'Le code est changé.' },
  sync: { en: 'Ask the issuer', fr: 'Interroger l’émetteur' },
  syncedAt: { en: 'The issuer was last heard on {when}.', fr: 'Dernière réponse de l’émetteur : {when}.' },
  syncedNever: { en: 'The issuer has not been heard yet.', fr: 'L’émetteur n’a pas encore répondu.' },
  synced: { en: 'The issuer has answered.', fr: 'L’émetteur a répondu.' },

  revokedTitle: { en: 'This card is no longer valid', fr: 'Cette carte n’est plus valable' },
  revokedText: {
    en: 'The issuer ended it. It will be wiped when the issuer is asked next.',
    fr: 'L’émetteur l’a arrêtée. Elle sera effacée à la prochaine réponse de l’émetteur.',
  },
  wipedTitle: { en: 'The card is gone', fr: 'La carte n’existe plus' },
  wipedText: {
    en: 'It was ended and wiped: no name, number or key is left on this phone. To have a card again, take a new phone folder and a new ticket.',
    fr: 'Elle a été arrêtée et effacée : aucun nom, numéro ni clé ne reste sur ce téléphone. Pour une nouvelle carte, prenez un nouveau dossier de téléphone et un nouveau ticket.',
  },

  refusedOther: { en: 'Refused: {message}', fr: 'Refusé : {message}' },
} as const;

/**
 * Refusals in French, by their codes. English is what the server says: its sentences are the ones of the command line
 * and of the docs, and stand in one table each. `…` takes that sentence, where it says something that is known only then.
 */

/** Of the page itself and of every server of ours. */
export const SERVER_REFUSALS_FR = {
  UNREACHABLE: 'Le serveur ne répond pas.',
  'request-malformed': 'La demande n’a pas la forme prévue.',
  'secret-missing': 'Le serveur a été relancé : ouvrez l’adresse qu’il a affichée alors.',
  'origin-refused': 'La demande vient d’une page d’une autre origine.',
  'no-such-route': 'Rien n’est servi à cette adresse.',
  'request-too-slow': 'La demande n’est pas arrivée à temps.',
  'body-too-large': 'La demande est trop longue.',
  'address-too-long': 'L’adresse est trop longue.',
  'media-type-unsupported': 'La demande est d’un type inattendu.',
  'host-refused': 'La demande nomme un autre serveur.',
  'too-many-requests': 'Trop de demandes : attendez un peu.',
  'header-too-large': 'Les en-têtes sont trop longs.',
  'server-fault': 'Une erreur du serveur ; voyez son terminal.',
  'answer-too-slow': 'La réponse a pris trop de temps.',
} as const;

/** Of the parts of the machine: `HalErrorKind` and what stands beside it in a failure's kind. */
export const MACHINE_REFUSALS_FR = {
  'no-service': 'Le service PC/SC ne répond pas.',
  'no-reader': 'Il n’y a pas de lecteur.',
  'reader-lost': 'Le lecteur n’est plus là.',
  'no-card': 'Aucune carte sur le lecteur.',
  'card-removed': 'La carte a été retirée.',
  busy: 'Un autre programme s’en sert.',
  timeout: 'La réponse n’est pas venue à temps.',
  protocol: 'La carte ou le lecteur a répondu hors protocole.',
  'no-port': 'Le port n’est pas là.',
  permission: 'Les droits manquent.',
  'too-long': 'La commande est trop longue pour le lecteur.',
  unsupported: 'Cette machine ne sait pas faire cela.',
  aborted: 'Interrompu.',
  storage: 'Le fichier n’a pas pu être écrit ou lu.',
  damaged: 'Ce qui a été lu est abîmé.',
  usage: 'Ces options ne vont pas ensemble : …',
  'cannot-run': 'Impossible ici et maintenant : …',
  profile: 'Le profil est faux : …',
  trace: 'La trace est fausse : …',
  file: 'Le fichier ne convient pas : …',
  store: 'La base de données ne convient pas : …',
} as const;

/** Why there is no channel with the card. */
export const CHANNEL_REFUSALS_FR = {
  'channel-wrong-code': 'Le numéro d’accès est faux.',
  'channel-suspended': 'Le code de la carte est suspendu.',
  'channel-blocked': 'Le code de la carte est bloqué.',
  'channel-deactivated': 'Le code de la carte est désactivé.',
  'channel-not-offered': 'La carte n’offre pas de canal sécurisé.',
  'channel-no-chain': 'Aucun certificat du terminal ne mène à une racine connue de la carte.',
  'channel-terminal-refused': 'La carte refuse les certificats du terminal.',
  'channel-not-genuine': 'La carte n’est pas authentique, ou personne ne répond de sa clé.',
  'channel-not-believed': 'Une réponse de la carte n’est pas protégée comme il faut.',
  'channel-damaged': 'Ce que la carte a répondu est illisible.',
  'channel-refused': 'La carte a refusé une étape du canal.',
  'channel-closed': 'Le canal est fermé.',
  'channel-not-protectable': 'Cette commande ne peut pas être protégée.',
} as const;

/** Of the counter (`FAILURES`). */
export const COUNTER_REFUSALS_FR = {
  'no-can': 'Il manque le numéro affiché par le téléphone.',
  'no-pace': 'La carte n’a pas PACE ; un comptoir ne lit qu’à travers un canal sécurisé.',
  'wrong-code': 'Le code saisi sur le téléphone est faux.',
  'blocked-code': 'Le code du téléphone est bloqué.',
  'no-application': 'La carte n’a pas d’application à nous.',
  inoperative: 'L’application de cette carte n’est pas en service.',
  'no-consent':
    'La carte ne donne rien : pas d’accord sur le téléphone, accord déjà utilisé, ou droit manquant du terminal.',
  'no-terminal-keys': 'La carte ne donne rien à un terminal qui ne prouve pas qui il est.',
  'card-refuses': 'La carte refuse.',
  damaged: 'Ce que contient la carte est illisible.',
  'no-presence': 'La carte ne porte pas de présence.',
  'claim-not-permitted': 'La carte ne prend pas la feuille : pas de nouvel accord, ou droit manquant du terminal.',
  'claim-future': 'La feuille porte une date après demain.',
  'claim-number-used': 'La carte a déjà une autre feuille de ce professionnel avec ce numéro.',
  'claim-follows-already': 'Une autre feuille suit déjà ce code ; un code prouve une seule feuille.',
  'claim-malformed': 'La feuille n’a pas la forme prévue : …',
  'seen-full': 'Ce comptoir a vu trop de codes en un jour.',
  'trust-unreadable': 'Les clés de l’émetteur sont illisibles.',
  'no-trust': 'Aucune clé d’émetteur n’est connue ici : le code sans réseau ne peut pas être cru.',
  'no-issuer': 'Aucun émetteur n’a été donné : une présence se résout là où elle est née.',
  'no-signing-keys': 'L’émetteur ne répond qu’à un terminal qui signe : il manque ses clés.',
  'issuer-silent': 'L’émetteur ne répond pas.',
  'issuer-refuses': 'L’émetteur refuse : …',
  'qr-refused': 'Le code est refusé : …',
  'picture-unreadable': 'L’image ne peut pas être lue : …',
  'activation-unknown': 'Personne n’est affiché : on ne sait pas si la carte est révoquée.',
  'no-follow-up': 'Cette lecture n’est plus connue ici.',
} as const;

/** Of a QR code (`QR_REFUSALS`), with `qr-` before. */
export const QR_REFUSALS_FR = {
  'qr-other-kind': 'Ce QR code est d’une autre sorte.',
  'qr-too-long': 'Ce QR code est trop long.',
  'qr-malformed': 'Ce QR code est abîmé, ou n’est pas des nôtres.',
  'qr-bomb': 'Ce QR code gonfle démesurément : il a été fait pour nuire.',
  'qr-other-issuer': 'La carte vient d’un émetteur inconnu ici.',
  'qr-altered': 'Ce QR code a été modifié : une signature ne va pas.',
  'qr-wrong-key': 'Ce QR code est signé par une autre clé que celle de la carte.',
  'qr-lives-too-long': 'Ce QR code prétend valoir plus de 60 secondes.',
  'qr-not-yet-valid': 'Ce QR code est daté du futur : une horloge est fausse.',
  'qr-expired': 'Ce QR code a expiré : demandez-en un autre.',
  'qr-card-not-yet-valid': 'Les données de la carte sont datées du futur : l’horloge de cette machine est fausse.',
  'qr-card-expired': 'Les données de la carte ont expiré.',
  'qr-revoked': 'La carte est révoquée.',
  'qr-suspended': 'La carte est suspendue.',
  'qr-status-unknown': 'On ne sait pas si la carte est révoquée : aucune liste d’états ici.',
  'qr-status-stale': 'On ne sait pas si la carte est révoquée : la liste d’états est trop ancienne.',
  'qr-used': 'Ce QR code a déjà été présenté ici : demandez-en un autre.',
} as const;

/** Of the issuer (`REFUSALS`), with `issuer-` before. */
export const ISSUER_REFUSALS_FR = {
  'issuer-unknown-person': 'Aucun assuré d’ici n’a cette identité, ou plusieurs l’ont.',
  'issuer-department-closed': 'Ce département n’est pas encore ouvert.',
  'issuer-device-key-used': 'La clé de ce téléphone appartient à une autre activation.',
  'issuer-device-key-malformed': 'La clé du téléphone n’a pas la forme prévue.',
  'issuer-device-unknown': 'Aucune carte active n’a la clé de ce téléphone.',
  'issuer-card-revoked': 'Cette carte est révoquée.',
  'issuer-activation-unknown': 'Cette activation n’existe pas.',
  'issuer-nothing-active': 'Cette personne n’a jamais eu de carte active ici.',
  'issuer-activation-ended': 'Cette activation n’est plus en cours.',
  'issuer-activation-malformed': 'La carte n’a pas donné ce qu’il faut pour l’activation.',
  'issuer-card-used': 'Cette carte est active pour quelqu’un d’autre.',
  'issuer-nothing-agreed': 'Rien n’a été accepté.',
  'issuer-presence-malformed': 'Ce n’est pas une présence.',
  'issuer-presence-unknown': 'Aucun téléphone n’a reçu cette présence.',
  'issuer-presence-expired': 'Cette présence a plus de 60 secondes : demandez-en une autre.',
  'issuer-presence-used': 'Cette présence a déjà servi : demandez-en une autre.',
  'issuer-signer-malformed': 'Le signataire n’a pas de nom de porteur.',
  'issuer-request-id-malformed': 'L’identifiant de la demande n’a pas la forme prévue.',
  'issuer-request-used': 'Cet identifiant appartient à une autre demande.',
  'issuer-context-unknown': 'Ce comptoir n’a pas ce contexte.',
  'issuer-context-expired': 'Ce contexte a expiré.',
  'issuer-context-ended': 'Ce contexte a été détruit.',
  'issuer-context-limit': 'Ce contexte ne peut plus être prolongé.',
  'issuer-claim-malformed': 'La feuille n’a pas la forme prévue.',
  'issuer-claim-beneficiary': 'La feuille est pour une personne que cette présentation ne concerne pas.',
  'issuer-claim-future': 'La feuille porte une date après demain.',
  'issuer-claim-duplicate': 'Ce professionnel a déjà envoyé une autre feuille avec ce numéro.',
  'issuer-offline-used': 'Une feuille a déjà été envoyée avec ce code.',
  'issuer-offline-stale': 'Ce code sans réseau est trop ancien, ou daté du futur.',
  'issuer-offline-unknown': 'Aucune carte n’a l’état que nomme ce code.',
  'issuer-card-unknown': 'Aucune carte active n’a ce numéro de série.',
  'issuer-application-unknown': 'Cette demande n’existe pas avec ce ticket.',
  'issuer-application-malformed': 'Il faut une pièce et une vidéo, ni vides ni trop grandes.',
  'issuer-application-waiting': 'Personne n’a encore décidé de cette demande.',
  'issuer-application-refused': 'Cette demande a été refusée.',
  'issuer-application-expired': 'Personne n’a décidé de cette demande en 96 heures.',
  'issuer-application-decided': 'Cette demande a déjà été décidée.',
  'issuer-application-used': 'Un téléphone a déjà été activé avec cette demande.',
  'issuer-delegation-unknown': 'Cette délégation n’existe pas.',
  'issuer-delegation-malformed': 'Une délégation dure au plus 30 jours, pour un bénéficiaire, et pas pour soi-même.',
  'issuer-delegation-narrower': 'Cette délégation ne permet pas de montrer tout cela.',
  'issuer-delegation-ended': 'Cette délégation a pris fin.',
} as const;

/** Of the phone (`PHONE_REFUSALS`, and the reasons of a weak code with `weak-code-` before). */
export const PHONE_REFUSALS_FR = {
  'wrong-code': 'Le code est faux.',
  'blocked-code': 'Le code est bloqué : seul le PUK en met un nouveau.',
  'wrong-puk': 'Le PUK est faux.',
  'blocked-puk': 'Le PUK est bloqué : il faut activer le téléphone à nouveau.',
  'code-length': 'Un code a six chiffres ; aucun essai n’est compté.',
  'puk-length': 'Le PUK a huit chiffres ; aucun essai n’est compté.',
  'weak-code': 'Ce code est refusé.',
  blank: 'Ce téléphone n’a pas encore de carte.',
  pending: 'L’activation de ce téléphone n’est pas finie.',
  'active-already': 'Ce téléphone a déjà une carte active.',
  wiped: 'La carte de ce téléphone est arrêtée et effacée.',
  revoked: 'La carte de ce téléphone est révoquée et effacée.',
  'activation-ended': 'L’émetteur a mis fin à cette activation ; la carte commencée est effacée.',
  'no-credential': 'L’émetteur n’a pas mis d’attestation sur cette carte : pas de QR code sans réseau.',
  'family-too-large': 'La famille de cette carte est trop grande pour un code QR hors ligne.',
  'no-offer': 'L’émetteur n’a pas proposé d’attestation SD-JWT pour cette carte.',
  'credential-refused': 'Il n’y a pas d’attestation SD-JWT pour cette carte.',
  'identity-refused': 'L’identité a été refusée.',
  'another-issuer': 'Ce téléphone dépend d’un autre émetteur.',
  'issuer-refused': 'L’émetteur refuse : …',
  'issuer-unreachable': 'L’émetteur ne répond pas.',
  'not-running': 'La carte de ce téléphone n’est pas alimentée.',
  'not-kept': 'La carte n’a pas pu garder ce qu’elle a reçu : son disque est plein, ou protégé.',
  damaged: 'La carte de ce téléphone ne fait pas ce qu’elle doit.',
  'no-provider': 'Ce téléphone ne connaît pas de fournisseur d’identité : relancez-le avec --identity.',
  'identity-unknown': 'Ce téléphone n’attend pas cette réponse : recommencez sur sa page.',
  'proof-needed': 'L’émetteur demande qui vous êtes : il faut une identité ou un ticket.',
  'no-activation': 'Aucune activation n’attend de code : recommencez.',
  'no-link': 'Ce téléphone n’a pas d’antenne : relancez-le avec --link.',
  'weak-code-not-six-digits': 'Un code a six chiffres.',
  'weak-code-six-equal': 'Trop facile à deviner : six chiffres égaux. Choisissez un autre code.',
  'weak-code-running': 'Trop facile à deviner : les chiffres se suivent. Choisissez un autre code.',
  'weak-code-birth-date': 'Trop facile à deviner : la date de naissance de quelqu’un sur la carte.',
  'weak-code-test-code': 'C’est le code des cartes de test, connu de tous. Choisissez un autre code.',
} as const;

const COMMON = {
  ...SERVER_REFUSALS_FR,
  ...MACHINE_REFUSALS_FR,
  ...CHANNEL_REFUSALS_FR,
  ...ISSUER_REFUSALS_FR,
} as const;

export type RefusalTable = Readonly<Record<string, string>>;
export const PHONE_REFUSAL_TABLE: RefusalTable = { ...COMMON, ...PHONE_REFUSALS_FR };
export const COUNTER_REFUSAL_TABLE: RefusalTable = { ...COMMON, ...COUNTER_REFUSALS_FR, ...QR_REFUSALS_FR };
/** On the issuer's own server its codes stand alone. */
export const OPERATOR_REFUSAL_TABLE: RefusalTable = {
  ...SERVER_REFUSALS_FR,
  ...Object.fromEntries(
    Object.entries(ISSUER_REFUSALS_FR).map(([code, words]) => [code.replace('issuer-', ''), words]),
  ),
};

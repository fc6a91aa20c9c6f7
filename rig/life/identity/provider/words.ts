import type { IdentityClaim } from './wallet.ts';

/** Words of the consent pages, in both languages. The same keys in each: the compiler asks for them. */
export type Language = 'fr' | 'en';

export interface Words {
  readonly title: string;
  readonly test: string;
  readonly who: string;
  readonly whoHint: string;
  readonly search: string;
  readonly find: string;
  readonly nobody: string;
  readonly more: string;
  readonly next: string;
  readonly asks: string;
  readonly purpose: string;
  readonly shown: string;
  readonly hidden: string;
  readonly agree: string;
  readonly refuse: string;
  readonly sent: string;
  readonly refused: string;
  readonly back: string;
  readonly notBelieved: string;
  readonly notReached: string;
  readonly gone: string;
  readonly badRequest: string;
  readonly personUnknown: string;
  readonly otherLanguage: string;
  readonly claims: Readonly<Record<IdentityClaim, string>>;
}

export const WORDS: Readonly<Record<Language, Words>> = {
  fr: {
    title: 'Identité Mirabelle',
    test: 'Service d’essai : toutes les personnes sont inventées. Ce n’est pas un service de l’État.',
    who: 'Qui êtes-vous ?',
    whoHint: 'Pour l’essai, choisissez la personne que vous jouez.',
    search: 'Nom de famille',
    find: 'Chercher',
    nobody: 'Personne ne porte ce nom ici.',
    more: 'D’autres personnes portent ce nom ou figurent dans la liste : précisez la recherche.',
    next: 'Continuer',
    asks: 'demande votre identité',
    purpose:
      'Ces données servent à trouver un assuré, et aucun autre : le lieu de naissance distingue les homonymes nés le même jour.',
    shown: 'Vous transmettez',
    hidden: 'Vous ne transmettez pas',
    agree: 'Accepter et transmettre',
    refuse: 'Refuser',
    sent: 'Votre identité a été transmise.',
    refused: 'Rien n’a été transmis.',
    back: 'Revenir au téléphone',
    notBelieved: 'Le destinataire n’a pas accepté la réponse.',
    notReached: 'Le destinataire n’a pas répondu. Rien ne dit que la réponse est arrivée.',
    gone: 'Cette demande n’existe plus : recommencez sur le téléphone.',
    badRequest: 'Cette demande n’est pas valable. Rien n’a été transmis.',
    personUnknown: 'Cette personne est inconnue ici. Rien n’a été transmis.',
    otherLanguage: 'English',
    claims: {
      family_name: 'Nom de famille',
      given_name: 'Prénom',
      birthdate: 'Date de naissance',
      birth_place_code: 'Code du lieu de naissance',
      sex: 'Sexe',
    },
  },
  en: {
    title: 'Mirabelle Identity',
    test: 'Test service: all people are invented. This is no service of any state.',
    who: 'Who are you?',
    whoHint: 'For the test, choose the person whom you play.',
    search: 'Family name',
    find: 'Search',
    nobody: 'Nobody has that name here.',
    more: 'There are more people than are shown: search for a name.',
    next: 'Continue',
    asks: 'asks for your identity',
    purpose:
      'These data serve to find one insured and no other: the place of birth tells namesakes apart who were born on the same day.',
    shown: 'You give',
    hidden: 'You do not give',
    agree: 'Agree and send',
    refuse: 'Refuse',
    sent: 'Your identity was sent.',
    refused: 'Nothing was sent.',
    back: 'Back to the phone',
    notBelieved: 'The recipient did not accept the answer.',
    notReached: 'The recipient did not answer. It is not known whether the answer arrived.',
    gone: 'This request is not there any more: begin again on the phone.',
    badRequest: 'This request is not valid. Nothing was sent.',
    personUnknown: 'This person is not known here. Nothing was sent.',
    otherLanguage: 'Français',
    claims: {
      family_name: 'Family name',
      given_name: 'Given name',
      birthdate: 'Date of birth',
      birth_place_code: 'Code of the place of birth',
      sex: 'Sex',
    },
  },
};

/** By the query, or else by the first language of the browser that is ours; French otherwise. */
export function languageOf(asked: string | undefined, accepted: string | undefined): Language {
  if (asked === 'fr' || asked === 'en') return asked;
  for (const part of (accepted ?? '').slice(0, 200).split(',')) {
    const language = part.trim().slice(0, 2).toLowerCase();
    if (language === 'fr' || language === 'en') return language;
  }
  return 'fr';
}

import type { Phrase } from '../../web/page/words.ts';

/** What a server refuses, in the reader's words, by the code of the refusal. Other codes are shown as the server says them. */
export const REFUSAL_WORDS: Readonly<Record<string, Phrase>> = {
  UNREACHABLE: { en: 'The server does not answer.', fr: 'Le serveur ne répond pas.' },
  'wrong-code': {
    en: 'The code is wrong.',
    fr: 'Le code est faux.',
  },
  'code-blocked': {
    en: 'The code is blocked: no try is left.',
    fr: 'Le code est bloqué : plus d’essai.',
  },
  'weak-code-equal': {
    en: 'Too easy to guess: six equal digits. Choose another code.',
    fr: 'Trop facile à deviner : six chiffres égaux. Choisissez un autre code.',
  },
  'weak-code-row': {
    en: 'Too easy to guess: the digits run up or down. Choose another code.',
    fr: 'Trop facile à deviner : les chiffres se suivent. Choisissez un autre code.',
  },
  'weak-code-birth-date': {
    en: 'Too easy to guess: it is your date of birth. Choose another code.',
    fr: 'Trop facile à deviner : c’est votre date de naissance. Choisissez un autre code.',
  },
};

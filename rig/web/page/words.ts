/** Words of what every page shares. A page has its own table beside it; tests hold that none lacks a language. */

export type Language = 'en' | 'fr';
export type Phrase = Readonly<Record<Language, string>>;
export type Values = Readonly<Record<string, string | number>>;

export const FRAME_WORDS = {
  testBand: { en: 'Test card: of no value', fr: 'Carte de test : sans valeur' },
  skip: { en: 'Skip to the content', fr: 'Aller au contenu' },
  language: { en: 'Language', fr: 'Langue' },
  synthetic: {
    en: 'All people here are made up. This is not the real application, nor a copy of it.',
    fr: 'Toutes les personnes sont inventées. Ceci n’est ni la vraie application, ni une copie.',
  },
  loading: { en: 'Loading…', fr: 'Chargement…' },
  noSecret: {
    en: 'This page needs the whole address that the terminal printed, with what stands behind the #. It is taken out of the address at once, so a page that is loaded again has lost it.',
    fr: 'Cette page a besoin de l’adresse entière affichée par le terminal, avec ce qui suit le #. Elle la retire aussitôt de l’adresse : une page rechargée ne l’a plus.',
  },
  noSecretTitle: { en: 'Open the printed address', fr: 'Ouvrez l’adresse affichée' },
  unreachable: {
    en: 'The server does not answer. It may have been stopped; what is shown may be old.',
    fr: 'Le serveur ne répond pas. Il est peut-être arrêté ; ce qui est affiché peut être ancien.',
  },
  secretRefused: {
    en: 'The server was started again: open the address that it printed then.',
    fr: 'Le serveur a été relancé : ouvrez l’adresse qu’il a affichée alors.',
  },
  chooseFile: { en: 'Choose a file', fr: 'Choisir un fichier' },
  minutes: { en: '{minutes} min', fr: '{minutes} min' },
  seconds: { en: '{seconds} s', fr: '{seconds} s' },
  secondsLeft: { en: '{seconds} seconds left', fr: 'encore {seconds} secondes' },
} as const;

/**
 * A phrase in one language, with values where it has `{name}`. French keeps its signs of two parts on the line of the
 * word before them.
 */
export function inLanguage(phrase: Phrase, language: Language, values: Values = {}): string {
  const text = phrase[language].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  return language === 'fr' ? text.replace(/ (?=[:;!?])/g, '\u00a0') : text;
}

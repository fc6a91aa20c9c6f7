import type { CallRefused } from '../../web/page/access.ts';
import { useLanguage, useWordsOf } from '../../web/page/language.tsx';
import { inLanguage, type Language, type Values } from '../../web/page/words.ts';
import { REFUSAL_WORDS } from './refusals.ts';
import { WORDS } from './words.ts';

export type Say = (key: keyof typeof WORDS, values?: Values) => string;

export function useWords(): Say {
  return useWordsOf(WORDS);
}

/** A refusal in the reader's words; one that the pages do not know, in the server's. */
export function useRefusalWords(): (refused: CallRefused) => string {
  const { language } = useLanguage();
  return ({ code, message }) => inLanguage(REFUSAL_WORDS[code] ?? WORDS.refusedOther, language, { message });
}

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR' };

/** Days, instants and amounts as the reader writes them. */
export function useFormats(): {
  readonly day: (aaaammjj: string) => string;
  readonly instant: (iso: string) => string;
  readonly euros: (cents: number) => string;
} {
  const { language } = useLanguage();
  const locale = LOCALES[language];
  return {
    day: (text) => {
      const date = new Date(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}T00:00:00Z`);
      // Lunar months and unknown days stand in birth dates; they are shown as they are.
      if (Number.isNaN(date.getTime())) return text;
      return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(date);
    },
    instant: (iso) =>
      new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso)),
    euros: (cents) => new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' }).format(cents / 100),
  };
}

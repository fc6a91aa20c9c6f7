import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { CallRefused } from '../../web/page/access.ts';
import { useLanguage, useWordsOf } from '../../web/page/language.tsx';
import { inLanguage, type Language, type Values } from '../../web/page/words.ts';
import type { RefusalTable } from './refusals.ts';
import { WORDS } from './words.ts';

/** A phrase by its name: what is kept of something said, so that it changes with the language. */
export type Phrase = keyof typeof WORDS;
export type Say = (key: keyof typeof WORDS, values?: Values) => string;

export function useWords(): Say {
  return useWordsOf(WORDS);
}

const Refusals = createContext<RefusalTable>({});

/** Says which refusals a page may meet. */
export const RefusalsOfPage: typeof Refusals.Provider = Refusals.Provider;

/** A refusal in the reader's words: in English the server's own; in French by its code. */
export function useRefusalWords(): (refused: Pick<CallRefused, 'code' | 'message'>) => string {
  const { language } = useLanguage();
  const table = useContext(Refusals);
  return ({ code, message }) => {
    if (language === 'en') return sentenceOf(message);
    const french = Object.hasOwn(table, code) ? table[code] : undefined;
    return french === undefined
      ? inLanguage(WORDS.refusedOther, 'fr', { message })
      : inLanguage({ en: '', fr: french }, 'fr').replace('…', () => message);
  };
}

function sentenceOf(message: string): string {
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
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

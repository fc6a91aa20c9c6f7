import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { FRAME_WORDS, inLanguage, type Language, type Phrase, type Values } from './words.ts';

interface Chosen {
  readonly language: Language;
  choose(language: Language): void;
}

const Context = createContext<Chosen>({ language: 'en', choose: () => {} });

/** The language of the browser, of those that the page speaks, until the reader chooses. */
export function LanguageProvider({ children }: { readonly children: ComponentChildren }) {
  const [language, choose] = useState<Language>(ofBrowser);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return <Context.Provider value={{ language, choose }}>{children}</Context.Provider>;
}

export function useLanguage(): Chosen {
  return useContext(Context);
}

/** Says a phrase of a table in the reader's language. */
export function useWordsOf<Table extends Readonly<Record<string, Phrase>>>(
  table: Table,
): (key: keyof Table & string, values?: Values) => string {
  const { language } = useLanguage();
  return (key, values) => inLanguage(table[key] as Phrase, language, values);
}

export function useFrameWords(): (key: keyof typeof FRAME_WORDS, values?: Values) => string {
  return useWordsOf(FRAME_WORDS);
}

function ofBrowser(): Language {
  const first = navigator.languages.find((each) => /^(en|fr)\b/i.test(each));
  return first?.toLowerCase().startsWith('fr') === true ? 'fr' : 'en';
}

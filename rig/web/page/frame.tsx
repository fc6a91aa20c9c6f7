import { type ComponentChildren, render } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { type Call, callWith, takeSecret } from './access.ts';
import { Button } from './button.tsx';
import { LanguageProvider, useFrameWords, useLanguage } from './language.tsx';
import { shownText, showTextAlone } from './shown-text.ts';
import type { Language } from './words.ts';

const LANGUAGES: readonly { readonly language: Language; readonly name: string }[] = [
  { language: 'fr', name: 'Français' },
  { language: 'en', name: 'English' },
];

interface FrameProps {
  readonly title: string;
  /** As wide as a phone, also on a desk; `wide`: as wide as the window, for tables. */
  readonly width?: 'narrow' | 'wide';
  /** What the window is called; the title, without it. */
  readonly windowTitle?: string;
  readonly children: ComponentChildren;
}

/** What stands around every page: that it is a test, its title, the choice of language. */
export function Frame({ title, width, windowTitle = title, children }: FrameProps) {
  const say = useFrameWords();
  const { language, choose } = useLanguage();
  useEffect(() => {
    document.title = shownText(windowTitle);
  }, [windowTitle]);
  return (
    <div class={width}>
      <button type="button" class="skip" onClick={toContent}>
        {say('skip')}
      </button>
      <p class="band">
        <span>{say('testBand')}</span>
      </p>
      <header>
        <h1>{title}</h1>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form, and this is none */}
        <div role="group" class="languages" aria-label={say('language')}>
          {LANGUAGES.map((each) => (
            <Button
              key={each.language}
              pressed={each.language === language}
              onPress={() => choose(each.language)}
              label={each.name}
            >
              <span lang={each.language}>{each.language.toUpperCase()}</span>
            </Button>
          ))}
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <footer>{say('synthetic')}</footer>
    </div>
  );
}

/** Not a link: it would put a fragment into the address, where only a secret or an address of the page belongs. */
function toContent(): void {
  document.getElementById('content')?.focus();
}

/** What a page is: its content, once there is a secret with which to call. */
export type PageContent = (props: { readonly call: Call }) => ComponentChildren;

/** Puts a page into the document. */
export function showPage(Content: PageContent): void {
  put(<WithSecret Content={Content} first={takeSecret()} />);
}

/** Puts a page into the document that has no secret, and calls only what is open. */
export function showOpenPage(Content: PageContent): void {
  put(<Content call={callWith(null)} />);
}

function put(content: ComponentChildren): void {
  const root = document.getElementById('page');
  if (root === null) throw new Error('the document has no place for the page');
  showTextAlone();
  render(<LanguageProvider>{content}</LanguageProvider>, root);
}

function WithSecret({ Content, first }: { readonly Content: PageContent; readonly first: string | null }) {
  const [secret, setSecret] = useState(first);
  const say = useFrameWords();
  // Before the page is seen, so that no address is missed.
  useLayoutEffect(() => {
    // The printed address typed into an open page changes its fragment and loads nothing.
    const changed = (): void => setSecret((before) => takeSecret() ?? before);
    window.addEventListener('hashchange', changed);
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  const call = useMemo(() => (secret === null ? null : callWith(secret)), [secret]);
  if (call !== null) return <Content call={call} />;
  return (
    <Frame title={say('noSecretTitle')}>
      <p>{say('noSecret')}</p>
    </Frame>
  );
}

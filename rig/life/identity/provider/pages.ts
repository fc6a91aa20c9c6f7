import type { Person } from './people.ts';
import { claimsOf, IDENTITY_CLAIMS, type IdentityClaim } from './wallet.ts';
import { type Language, WORDS, type Words } from './words.ts';

/** The pages of the identity provider: HTML without a script. Everything that came from outside goes through `text`. */

const STYLE_PATH = '/style.css';

/** What stands on each page. */
interface Page {
  readonly language: Language;
  /** Address of the same page in the other language; null where there is none. */
  readonly other: string | null;
  readonly body: string;
}

function page({ language, other, body }: Page): string {
  const words = WORDS[language];
  const otherLanguage = language === 'fr' ? 'en' : 'fr';
  const link =
    other === null
      ? ''
      : `<a href="${text(other)}" hreflang="${otherLanguage}" lang="${otherLanguage}">${text(words.otherLanguage)}</a>`;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(words.title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<header><p class="name">${text(words.title)}</p>${link}</header>
<p class="test" role="note">${text(words.test)}</p>
<main>
${body}
</main>
</body>
</html>
`;
}

export interface ChoicePage {
  readonly language: Language;
  readonly consent: string;
  /** Origin of the verifier. */
  readonly verifier: string;
  readonly people: readonly Person[];
  /** There are more than those. */
  readonly more: boolean;
  readonly search: string;
}

/** Who are you? */
export function choicePage({ language, consent, verifier, people, more, search }: ChoicePage): string {
  const words = WORDS[language];
  const options = people.map(
    (person, index) =>
      `<li><label><input type="radio" name="person" value="${text(person.id)}" required${
        index === 0 ? ' checked' : ''
      }> ${text(`${person.givenName} ${person.familyName}`)}, <time datetime="${text(person.birthDate)}">${text(
        person.birthDate,
      )}</time></label></li>`,
  );
  const list =
    options.length === 0
      ? `<p role="status">${text(words.nobody)}</p>`
      : `<form action="/consent" method="get">
${hidden({ consent, lang: language })}
<fieldset><legend>${text(words.whoHint)}</legend><ul>
${options.join('\n')}
</ul></fieldset>
<button>${text(words.next)}</button>
</form>`;
  return page({
    language,
    other: address('/people', { consent, search, lang: language === 'fr' ? 'en' : 'fr' }),
    body: `<h1>${text(words.who)}</h1>
${asks(words, verifier)}
<form action="/people" method="get" role="search">
${hidden({ consent, lang: language })}
<label>${text(words.search)} <input type="search" name="search" value="${text(search)}" maxlength="100"></label>
<button class="second">${text(words.find)}</button>
</form>
${list}
${more ? `<p role="status">${text(words.more)}</p>` : ''}`,
  });
}

export interface ConsentPage {
  readonly language: Language;
  readonly consent: string;
  readonly verifier: string;
  readonly person: Person;
  readonly asked: readonly string[];
}

/** What is shown and what is not, and the two decisions. */
export function consentPage({ language, consent, verifier, person, asked }: ConsentPage): string {
  const words = WORDS[language];
  const values = claimsOf(person);
  const row = (name: IdentityClaim): string =>
    `<dt>${text(words.claims[name])}</dt><dd>${text(String(values[name]))}</dd>`;
  const shown = IDENTITY_CLAIMS.filter((name) => asked.includes(name));
  const withheld = IDENTITY_CLAIMS.filter((name) => !asked.includes(name));
  return page({
    language,
    other: address('/consent', { consent, person: person.id, lang: language === 'fr' ? 'en' : 'fr' }),
    body: `<h1>${text(`${person.givenName} ${person.familyName}`)}</h1>
${asks(words, verifier)}
<h2>${text(words.shown)}</h2>
<dl>${shown.map(row).join('')}</dl>
<p>${text(words.purpose)}</p>
<h2>${text(words.hidden)}</h2>
<ul>${withheld.map((name) => `<li>${text(words.claims[name])}</li>`).join('')}</ul>
<form action="/consent" method="post">
${hidden({ consent, person: person.id, lang: language })}
<button name="decision" value="agree">${text(words.agree)}</button>
<button class="second" name="decision" value="refuse">${text(words.refuse)}</button>
</form>`,
  });
}

/** How it ended. @param back where the browser goes on; null: nowhere */
export function endPage(
  language: Language,
  word: 'sent' | 'refused' | 'notBelieved' | 'notReached' | 'gone' | 'badRequest' | 'personUnknown',
  more: { readonly back?: string | null; readonly reason?: string } = {},
): string {
  const words = WORDS[language];
  const { back = null, reason } = more;
  return page({
    language,
    other: null,
    body: `<h1>${text(words[word])}</h1>
${reason === undefined ? '' : `<p><code>${text(reason)}</code></p>`}
${back === null ? '' : `<p><a class="button" href="${text(back)}">${text(words.back)}</a></p>`}`,
  });
}

function asks(words: Words, verifier: string): string {
  return `<p><strong>${text(verifier)}</strong> ${text(words.asks)}.</p>`;
}

function hidden(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${text(name)}" value="${text(value)}">`)
    .join('');
}

function address(path: string, parameters: Readonly<Record<string, string>>): string {
  return `${path}?${new URLSearchParams(parameters)}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text in an element or in a quoted attribute. */
export function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

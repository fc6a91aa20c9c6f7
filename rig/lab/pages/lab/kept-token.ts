/*
 * Where a token is kept: in this tab's session storage, so that the page may be loaded again, and gone with the tab. It is
 * no cookie: a browser sends none of it by itself, so a request that another site makes carries nothing; and a cookie of
 * loopback would go to every program that listens there on another port. Another tab of this very origin that has no token
 * asks for it, so that a link opens in a tab of its own.
 */

const KEY = 'vitap-lab-token';
const CHANNEL = 'vitap-lab-token';
/** How long another tab has for its answer. */
const ASK_MS = 150;

type Message = { readonly ask: true } | { readonly token: string } | { readonly forget: true };

/** The token of this tab; null: it has none. */
export function keptToken(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    // The browser keeps nothing: the token lasts until the page is loaded again.
    return null;
  }
}

export function keepToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // As above.
  }
}

/** Asks the other tabs of this page. @returns null: none has a token */
export function askOtherTabs(): Promise<string | null> {
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise<string | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), ASK_MS);
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (!('token' in data)) return;
      clearTimeout(timer);
      resolve(data.token);
    };
    channel.postMessage({ ask: true } satisfies Message);
  }).finally(() => channel.close());
}

/** Answers other tabs with the token of this one. @param forgotten told when another tab forgets it @returns ends it */
export function answerOtherTabs(token: string, forgotten: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ('ask' in data) channel.postMessage({ token } satisfies Message);
    if ('forget' in data) forgotten();
  };
  return () => channel.close();
}

/** Every tab forgets it. */
export function forgetEverywhere(): void {
  keepToken(null);
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ forget: true } satisfies Message);
  channel.close();
}

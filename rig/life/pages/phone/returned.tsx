import { useEffect, useState } from 'preact/hooks';
import { type Call, CallRefused, takeParameters } from '../../../web/page/access.ts';
import { Frame } from '../../../web/page/frame.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine, type Tone } from '../../../web/page/status-line.tsx';
import { useRefusalWords, useWords } from '../say.ts';
import type { WORDS } from '../words.ts';
import { FLOW, type IdentityAnswer } from './view.ts';

/** What the address brought, read once and taken out of it; null: the page was loaded again, and has told it before. */
function takeAnswer(): IdentityAnswer | null {
  const { fragment, query } = takeParameters();
  const flow = query.get(FLOW);
  if (flow === null) return null;
  return { flow, responseCode: fragment.get('response_code'), refused: fragment.has('error') };
}

type State = 'telling' | 'presented' | 'refused' | 'told' | CallRefused;
const STATES: Readonly<Record<Exclude<State, CallRefused>, readonly [Tone, keyof typeof WORDS]>> = {
  telling: ['plain', 'returnedTelling'],
  presented: ['good', 'returnedPresented'],
  refused: ['unsure', 'returnedRefused'],
  told: ['plain', 'returnedTold'],
};

/** Where the browser comes back from the identity provider: it tells the phone's server, and has nothing else to do. */
export function Returned({ call }: { readonly call: Call }) {
  const say = useWords();
  const inWords = useRefusalWords();
  const [answer] = useState(takeAnswer);
  const [state, setState] = useState<State>(answer === null ? 'told' : 'telling');
  useEffect(() => {
    if (answer === null) return;
    call('POST', '/api/phone/identity/answer', answer).then(
      () => setState(answer.refused || answer.responseCode === null ? 'refused' : 'presented'),
      (error: unknown) =>
        setState(error instanceof CallRefused ? error : new CallRefused('FAULT', (error as Error).message)),
    );
  }, [call, answer]);
  const [tone, words] = typeof state === 'string' ? STATES[state] : (['bad', null] as const);
  return (
    <Frame title={say('phoneTitle')} width="narrow">
      <Screen title={say('returnedTitle')}>
        <LiveRegion>
          <StatusLine tone={tone}>{words === null ? inWords(state as CallRefused) : say(words)}</StatusLine>
        </LiveRegion>
        <p>{say('returnedText')}</p>
      </Screen>
    </Frame>
  );
}

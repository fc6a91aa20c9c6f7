import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Call, CallRefused, callWith, takeSecret } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Field } from '../../../web/page/field.tsx';
import { useFrameWords } from '../../../web/page/language.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import type { Me, Role } from '../../api/token.ts';
import { answerOtherTabs, askOtherTabs, forgetEverywhere, keepToken, keptToken } from './kept-token.ts';
import { useWords } from './parts.tsx';
import { isAddress } from './route.ts';

/** What a reader with a token may use. */
export interface Session {
  readonly call: Call;
  /** Null: not known yet. */
  readonly role: Role | null;
  /** Whether the token may change something. */
  readonly isOperator: boolean;
  readonly forget: () => void;
}

/** The token behind the # of a printed address, which is taken out of the address; null: an address, or nothing. */
function arrivedToken(): string | null {
  return isAddress(location.hash) ? null : takeSecret();
}

const AGAIN_MS = 2000;

/** Shows the lab to whoever has a token, and asks anybody else for one; the address stays where it leads. */
export function WithToken({ children }: { readonly children: (session: Session) => ComponentChildren }) {
  const [token, setToken] = useState<string | null>(() => arrivedToken() ?? keptToken());
  const [role, setRole] = useState<Role | null>(null);
  const [failure, setFailure] = useState<CallRefused | null>(null);
  const [asked, setAsked] = useState(token !== null);
  const had = useRef(false);
  had.current ||= token !== null;
  const call = useMemo(() => callWith(token), [token]);
  const forget = useCallback(() => {
    forgetEverywhere();
    setToken(null);
  }, []);
  const take = useCallback((given: string | null) => {
    setRole(null);
    setFailure(null);
    setToken(given);
  }, []);
  // Before the page is seen, so that no address is missed.
  useLayoutEffect(() => {
    // The printed address typed into an open page changes what is behind the # and loads nothing.
    const changed = (): void => {
      const arrived = arrivedToken();
      if (arrived !== null) take(arrived);
    };
    window.addEventListener('hashchange', changed);
    if (token === null) {
      void askOtherTabs().then((given) => {
        if (given !== null) take(given);
        setAsked(true);
      });
    }
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  useEffect(() => {
    setRole(null);
    if (token === null) return;
    let timer: number | undefined;
    const stop = new AbortController();
    const look = (): void => {
      call<Me>('GET', '/v1/me', undefined, stop.signal)
        .then((me) => {
          setFailure(null);
          setRole(me.role);
          keepToken(token);
        })
        .catch((error: unknown) => {
          if (stop.signal.aborted) return;
          const refused = error instanceof CallRefused ? error : new CallRefused('UNREACHABLE', String(error));
          setFailure(refused);
          if (refused.code === 'token-wrong') {
            keepToken(null);
            setToken(null);
          } else timer = window.setTimeout(look, AGAIN_MS);
        });
    };
    look();
    const end = answerOtherTabs(token, () => {
      keepToken(null);
      setToken(null);
    });
    return () => {
      stop.abort();
      window.clearTimeout(timer);
      end();
    };
  }, [token, call]);
  // Until the role is known there are the tabs alone: nothing that is seen moves when it comes.
  if (token !== null && role !== 'bench' && (role !== null || failure === null)) {
    return <>{children({ call, role, isOperator: role === 'operator', forget })}</>;
  }
  if (token === null && asked) return <TokenForm failure={failure} again={had.current} take={take} />;
  return <Waiting failure={failure} isBench={role === 'bench'} forget={forget} />;
}

/** Longest that a token may be. */
const LONGEST = 200;

interface TokenFormProps {
  readonly failure: CallRefused | null;
  /** Whether something else was shown before, which had the keyboard's focus. */
  readonly again: boolean;
  readonly take: (token: string) => void;
}

function TokenForm({ failure, again, take }: TokenFormProps) {
  const say = useWords();
  const [typed, type] = useState('');
  const [empty, beEmpty] = useState(false);
  const fault = empty ? say('tokenEmpty') : failure === null ? undefined : say('tokenWrong');
  return (
    <Screen title={say('tokenTitle')}>
      <p>{say('tokenLead')}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const token = typed.trim();
          beEmpty(token === '');
          if (token !== '') take(token);
        }}
      >
        <Field
          label={say('token')}
          hint={say('tokenHint')}
          fault={fault}
          secret
          focused={again}
          value={typed}
          onValue={type}
          maxLength={LONGEST}
        />
        <Button kind="primary">{say('tokenOpen')}</Button>
      </form>
    </Screen>
  );
}

interface WaitingProps {
  readonly failure: CallRefused | null;
  readonly isBench: boolean;
  readonly forget: () => void;
}

function Waiting({ failure, isBench, forget }: WaitingProps) {
  const say = useWords();
  const frame = useFrameWords();
  return (
    <Screen title={say('tokenTitle')}>
      <LiveRegion urgent={failure !== null || isBench}>
        <StatusLine tone={failure !== null || isBench ? 'bad' : 'plain'}>
          {isBench ? say('tokenOfBench') : frame(failure === null ? 'loading' : 'unreachable')}
        </StatusLine>
      </LiveRegion>
      {isBench || failure !== null ? <Button onPress={forget}>{say('tokenOther')}</Button> : null}
    </Screen>
  );
}

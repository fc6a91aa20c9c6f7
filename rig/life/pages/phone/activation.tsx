import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Field, Tick } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { useWords } from '../say.ts';
import { NewCodeScreen } from './code-screen.tsx';
import { IdentityAsked } from './identity-asked.tsx';
import type { ActivationAnswer, ActivationRequest, NewCodeRequest, PhoneView } from './view.ts';

interface ActivationProps {
  readonly call: Call;
  readonly view: PhoneView;
  /** Told of the PUK, which is shown once; null: it was shown before. */
  readonly onActivated: (puk: string | null) => void;
  readonly refresh: () => void;
}

/**
 * From an empty card to an active one: consent, identity or ticket, code. Where it stands is the server's to say, so that
 * a page which is loaded again goes on there.
 */
export function Activation({ call, view, onActivated, refresh }: ActivationProps) {
  const say = useWords();
  const act = useAct(refresh);
  const [began, setBegan] = useState(false);
  const told = (answer: ActivationAnswer): void => {
    if (answer.at === 'code') setBegan(true);
    else onActivated(answer.puk);
  };
  if (began ? act.busy : view.activation === 'working' && !act.busy) {
    return (
      <Screen key="working" title={say('activatingTitle')} entered={began}>
        <LiveRegion>
          <StatusLine tone="plain">{say('activating')}</StatusLine>
        </LiveRegion>
      </Screen>
    );
  }
  if (began || view.activation === 'code') {
    const choose = (newCode: string): void => {
      setBegan(true);
      act.run(async () => {
        const request: NewCodeRequest = { newCode };
        try {
          told(await call<ActivationAnswer>('POST', '/api/phone/activation/code', request));
        } catch (error) {
          // Only after a weak code does the activation wait for another one.
          if (!String((error as { code?: unknown }).code).startsWith('weak-code')) setBegan(false);
          throw error;
        }
      });
    };
    const leave = (): void => {
      setBegan(false);
      act.run(async () => {
        await call('DELETE', '/api/phone/activation');
      });
    };
    return <NewCodeScreen act={act} onCode={choose} onCancel={leave} />;
  }
  if (view.identity?.at === 'asked') {
    return <IdentityAsked key="asked" call={call} identity={view.identity} refresh={refresh} />;
  }
  const begin = (ticket: string | null): void =>
    act.run(async () => {
      const request: ActivationRequest = { ticket };
      told(await call<ActivationAnswer>('POST', '/api/phone/activation', request));
    });
  const askIdentity = (): void =>
    act.run(async () => {
      await call('POST', '/api/phone/identity', {});
    });
  return <Beginning view={view} act={act} onBegin={begin} onIdentity={askIdentity} />;
}

interface BeginningProps {
  readonly view: PhoneView;
  readonly act: ReturnType<typeof useAct>;
  /** With a ticket, or with what the server has. */
  readonly onBegin: (ticket: string | null) => void;
  readonly onIdentity: () => void;
}

/** Consent, and who the person is: by an identity where the phone knows a provider, or by a ticket. */
function Beginning({ view, act, onBegin, onIdentity }: BeginningProps) {
  const say = useWords();
  const [ticket, setTicket] = useState('');
  const [consent, setConsent] = useState(false);
  const [tried, setTried] = useState<'nothing' | 'identity' | 'ticket'>('nothing');
  const pending = view.life === 'pending';
  const { identity } = view;
  // A code that was chosen was chosen after the issuer knew who it is.
  const known = identity?.at === 'presented' || (view.triesLeft !== null && act.refused?.code !== 'proof-needed');
  const typed = ticket.trim();
  const byIdentity = (): void => {
    setTried('identity');
    if (consent) onIdentity();
  };
  const goOn = (event: Event): void => {
    event.preventDefault();
    setTried('ticket');
    if (consent && (known || typed !== '')) onBegin(known ? null : typed);
  };
  const missing = tried !== 'nothing' && !consent;
  return (
    <Screen key="beginning" title={say(pending ? 'pendingTitle' : 'blankTitle')} entered={identity?.at === 'presented'}>
      <LiveRegion>
        {identity?.at === 'presented' ? <StatusLine tone="good">{say('identityPresented')}</StatusLine> : null}
        {identity?.at === 'refused' ? <StatusLine tone="unsure">{say('identityRefused')}</StatusLine> : null}
      </LiveRegion>
      <p>{say(pending ? 'pendingText' : 'blankText')}</p>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      <form onSubmit={goOn} noValidate>
        <Tick label={say('consentActivation')} checked={consent} onValue={setConsent} />
        <LiveRegion urgent>{missing ? <p class="fault">{say('consentMissing')}</p> : null}</LiveRegion>
        {known || identity === null ? null : (
          <>
            <div class="choices">
              <Button kind="primary" busy={act.busy} onPress={byIdentity}>
                {say('identityUse')}
              </Button>
            </div>
            <p class="hint">{say('identityAt', { provider: identity.provider })}</p>
            <h3>{say('orTicket')}</h3>
          </>
        )}
        {known ? null : (
          <Field
            label={say('ticket')}
            hint={say('ticketHint')}
            value={ticket}
            onValue={setTicket}
            maxLength={2000}
            fault={tried === 'ticket' && typed === '' ? say('ticketMissing') : undefined}
          />
        )}
        <div class="row">
          <Button kind={known || identity === null ? 'primary' : 'plain'} busy={act.busy}>
            {say('goOn')}
          </Button>
        </div>
      </form>
    </Screen>
  );
}

import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Field, Tick } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { useWords } from '../say.ts';
import { NewCodeScreen } from './code-screen.tsx';
import type { ActivationAnswer, ActivationRequest, PhoneView } from './view.ts';

interface ActivationProps {
  readonly call: Call;
  readonly view: PhoneView;
  /** Told of the PUK, which is shown once; null: it was shown before. */
  readonly onActivated: (puk: string | null) => void;
  readonly refresh: () => void;
}

/** From an empty card to an active one: ticket, consent, code. */
export function Activation({ call, view, onActivated, refresh }: ActivationProps) {
  const say = useWords();
  const act = useAct(refresh);
  const [ticket, setTicket] = useState('');
  const [consent, setConsent] = useState(false);
  const [tried, setTried] = useState(false);
  const [atCode, setAtCode] = useState(false);
  const pending = view.life === 'pending';
  const activate = (newCode: string): void =>
    act.run(async () => {
      const request: ActivationRequest = { ticket: ticket.trim(), newCode };
      onActivated((await call<ActivationAnswer>('POST', '/api/phone/activation', request)).puk);
    });
  if (atCode) {
    return (
      <>
        <LiveRegion>{act.busy ? <StatusLine tone="plain">{say('activating')}</StatusLine> : null}</LiveRegion>
        <NewCodeScreen
          act={act}
          onCode={activate}
          onCancel={() => {
            act.clear();
            setAtCode(false);
          }}
        />
      </>
    );
  }
  const goOn = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (ticket.trim() !== '' && consent) setAtCode(true);
  };
  return (
    <Screen title={say(pending ? 'pendingTitle' : 'blankTitle')}>
      <p>{say(pending ? 'pendingText' : 'blankText')}</p>
      <form onSubmit={goOn} noValidate>
        <Field
          label={say('ticket')}
          hint={say('ticketHint')}
          value={ticket}
          onValue={setTicket}
          maxLength={2000}
          fault={tried && ticket.trim() === '' ? say('ticketMissing') : undefined}
        />
        <Tick label={say('consentActivation')} checked={consent} onValue={setConsent} />
        <LiveRegion urgent>{tried && !consent ? <p class="fault">{say('consentMissing')}</p> : null}</LiveRegion>
        <div class="row">
          <Button kind="primary">{say('goOn')}</Button>
        </div>
      </form>
    </Screen>
  );
}

import { useState } from 'preact/hooks';
import { Button } from '../../../web/page/button.tsx';
import { Field } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { StatusLine } from '../../../web/page/status-line.tsx';
import { useFormats, useWords } from '../say.ts';
import type { CredentialView } from './view.ts';

interface CredentialPanelProps {
  readonly credential: CredentialView;
  /** Goes on to the holder's code, with the transaction code of an offer. */
  readonly onObtain: (txCode: string) => void;
  readonly onRenew: () => void;
  readonly onAnotherOffer: () => void;
  readonly busy: boolean;
}

const TX_CODE = /^\d{6}$/;

/** The card's SD-JWT VC: whether it is there, until when, and how to get it. */
export function CredentialPanel({ credential, onObtain, onRenew, onAnotherOffer, busy }: CredentialPanelProps) {
  const say = useWords();
  const { instant } = useFormats();
  const [txCode, setTxCode] = useState('');
  const [tried, setTried] = useState(false);
  const { state, expiresAt } = credential;
  const until = expiresAt === null ? '' : instant(expiresAt);
  const obtain = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (TX_CODE.test(txCode.trim())) onObtain(txCode.trim());
  };
  return (
    <Screen title={say('credentialTitle')}>
      <p>{say('credentialText')}</p>
      {state === 'none' ? (
        <>
          <StatusLine tone="plain">{say('credentialNone')}</StatusLine>
          <div class="row">
            <Button busy={busy} onPress={onAnotherOffer}>
              {say('anotherOfferNone')}
            </Button>
          </div>
        </>
      ) : null}
      {state === 'current' ? <StatusLine tone="good">{say('credentialCurrent', { when: until })}</StatusLine> : null}
      {state === 'due' ? (
        <>
          <StatusLine tone="unsure">
            {expiresAt === null ? say('credentialCut') : say('credentialDue', { when: until })}
          </StatusLine>
          <div class="row">
            <Button kind="primary" onPress={onRenew}>
              {say('credentialRenew')}
            </Button>
            <Button busy={busy} onPress={onAnotherOffer}>
              {say('anotherOffer')}
            </Button>
          </div>
        </>
      ) : null}
      {state === 'offered' ? (
        <form onSubmit={obtain} noValidate>
          <StatusLine tone="plain">{say('credentialOffered')}</StatusLine>
          <Field
            label={say('txCode')}
            hint={say('txCodeHint')}
            value={txCode}
            onValue={setTxCode}
            inputMode="numeric"
            maxLength={6}
            fault={tried && !TX_CODE.test(txCode.trim()) ? say('txCodeMissing') : undefined}
          />
          <div class="row">
            <Button kind="primary">{say('credentialGet')}</Button>
            <Button busy={busy} onPress={onAnotherOffer}>
              {say('anotherOffer')}
            </Button>
          </div>
        </form>
      ) : null}
    </Screen>
  );
}

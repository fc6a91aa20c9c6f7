import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Field } from '../../../web/page/field.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { type Phrase, useFormats, useWords } from '../say.ts';
import { CodeScreen, NewCodeScreen } from './code-screen.tsx';
import { CredentialPanel } from './credential-panel.tsx';
import { DelegationsPanel } from './delegations-panel.tsx';
import type { ChangeCodeRequest, CredentialRequest, PhoneView, SyncRequest, UnblockRequest } from './view.ts';

type Step =
  | { readonly at: 'list'; readonly note: Phrase | null }
  | { readonly at: 'old' | 'puk' }
  | { readonly at: 'new'; readonly code: string }
  | { readonly at: 'new after puk'; readonly puk: string }
  /** The code, to get a credential with the transaction code of its offer, or to renew it. */
  | { readonly at: 'credential'; readonly txCode: string | null };

interface SettingsTabProps {
  readonly call: Call;
  readonly view: PhoneView;
  readonly refresh: () => void;
}

export function SettingsTab({ call, view, refresh }: SettingsTabProps) {
  const say = useWords();
  const { instant } = useFormats();
  const act = useAct(refresh);
  const [step, setStep] = useState<Step>({ at: 'list', note: null });
  /** What was refused before belongs to the screen before. */
  const go = (next: Step): void => {
    act.clear();
    setStep(next);
  };
  const [atDelegation, setAtDelegation] = useState(false);
  const toList = (note: Phrase | null): void => go({ at: 'list', note });
  switch (step.at) {
    case 'old':
      return (
        <CodeScreen
          title={say('typeOldCode')}
          triesLeft={view.triesLeft}
          act={act}
          onCode={(code) => {
            act.clear();
            setStep({ at: 'new', code });
          }}
          onCancel={() => toList(null)}
        />
      );
    case 'new': {
      const change = (newCode: string): void =>
        act.run(async () => {
          const request: ChangeCodeRequest = { code: step.code, newCode };
          try {
            await call('POST', '/api/phone/code', request);
          } catch (error) {
            // Only the new one is chosen again when the new one was refused.
            if (!String((error as { code?: unknown }).code).startsWith('weak-code')) setStep({ at: 'old' });
            throw error;
          }
          toList('codeChanged');
        });
      return <NewCodeScreen act={act} onCode={change} onCancel={() => toList(null)} />;
    }
    case 'puk':
      return (
        <PukScreen
          onPuk={(puk) => setStep({ at: 'new after puk', puk })}
          onCancel={() => toList(null)}
          fault={act.fault}
        />
      );
    case 'new after puk': {
      const unblock = (newCode: string): void =>
        act.run(async () => {
          const request: UnblockRequest = { puk: step.puk, newCode };
          try {
            await call('POST', '/api/phone/unblocking', request);
          } catch (error) {
            if (!String((error as { code?: unknown }).code).startsWith('weak-code')) setStep({ at: 'puk' });
            throw error;
          }
          toList('codeChanged');
        });
      return <NewCodeScreen act={act} onCode={unblock} onCancel={() => toList(null)} />;
    }
    case 'credential': {
      const fetch = (code: string): void =>
        act.run(async () => {
          try {
            await fetchCredential(call, code, step.txCode);
          } catch (error) {
            // The code was right: what was refused is asked for on the screen before.
            if (!/^(wrong|blocked)-code$/.test(String((error as { code?: unknown }).code))) {
              setStep({ at: 'list', note: null });
            }
            throw error;
          }
          setStep({ at: 'list', note: step.txCode === null ? 'credentialRenewed' : 'credentialCame' });
        });
      return (
        <CodeScreen
          title={say('typeCode')}
          triesLeft={view.triesLeft}
          act={act}
          onCode={fetch}
          onCancel={() => toList(null)}
        />
      );
    }
    case 'list': {
      const sync = (): void =>
        act.run(async () => {
          setStep({ at: 'list', note: null });
          const request: SyncRequest = { code: null };
          await call('POST', '/api/phone/sync', request);
          setStep({ at: 'list', note: 'synced' });
        });
      const anotherOffer = (): void =>
        act.run(async () => {
          setStep({ at: 'list', note: null });
          await call('POST', '/api/phone/credential-offer', {});
          setStep({ at: 'list', note: 'anotherOfferCame' });
        });
      const list = (
        <Screen title={say('settingsTitle')}>
          <LiveRegion>{step.note === null ? null : <StatusLine tone="good">{say(step.note)}</StatusLine>}</LiveRegion>
          <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
          <p>{view.syncedAt === null ? say('syncedNever') : say('syncedAt', { when: instant(view.syncedAt) })}</p>
          <div class="row">
            <Button busy={act.busy} onPress={sync}>
              {say('sync')}
            </Button>
            {view.triesLeft === 0 ? (
              <Button kind="primary" onPress={() => go({ at: 'puk' })}>
                {say('unblock')}
              </Button>
            ) : (
              <Button onPress={() => go({ at: 'old' })}>{say('changeCode')}</Button>
            )}
          </div>
        </Screen>
      );
      return (
        <>
          {atDelegation ? null : list}
          <DelegationsPanel call={call} triesLeft={view.triesLeft} refresh={refresh} onCode={setAtDelegation} />
          {atDelegation || view.credential === null ? null : (
            <CredentialPanel
              credential={view.credential}
              onObtain={(txCode) => go({ at: 'credential', txCode })}
              onRenew={() => go({ at: 'credential', txCode: null })}
              onAnotherOffer={anotherOffer}
              busy={act.busy}
            />
          )}
        </>
      );
    }
  }
}

/** An offer by its transaction code; a renewal goes with the question to the issuer. */
async function fetchCredential(call: Call, code: string, txCode: string | null): Promise<void> {
  if (txCode === null) {
    const request: SyncRequest = { code };
    await call('POST', '/api/phone/sync', request);
  } else {
    const request: CredentialRequest = { code, txCode };
    await call('POST', '/api/phone/credential', request);
  }
}

interface PukScreenProps {
  readonly onPuk: (puk: string) => void;
  readonly onCancel: () => void;
  readonly fault: string;
}

function PukScreen({ onPuk, onCancel, fault }: PukScreenProps) {
  const say = useWords();
  const [puk, setPuk] = useState('');
  const [tried, setTried] = useState(false);
  const wrong = !/^\d{6,12}$/.test(puk);
  const goOn = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (!wrong) onPuk(puk);
  };
  return (
    <Screen key="puk" title={say('unblock')} entered>
      <LiveRegion urgent>{fault === '' ? null : <p class="fault">{fault}</p>}</LiveRegion>
      <form onSubmit={goOn} noValidate>
        <Field
          label={say('puk')}
          hint={say('pukHint')}
          value={puk}
          onValue={setPuk}
          inputMode="numeric"
          maxLength={12}
          fault={tried && wrong ? say('pukMissing') : undefined}
        />
        <div class="row">
          <Button kind="primary">{say('goOn')}</Button>
          <Button onPress={onCancel}>{say('cancel')}</Button>
        </div>
      </form>
    </Screen>
  );
}

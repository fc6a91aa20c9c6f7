import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Countdown } from '../../../web/page/countdown.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { type Phrase, type Say, useWords } from '../say.ts';
import { CodeScreen } from './code-screen.tsx';
import { QrPicture } from './qr-picture.tsx';
import type { PhoneView, PresentationWindow, QrRequest, ShownQr } from './view.ts';

type Way = 'nfc' | 'presence' | 'offline';
const WAYS: readonly Way[] = ['nfc', 'presence', 'offline'];

const NAMES = { nfc: 'showNfc', presence: 'showPresence', offline: 'showOffline' } as const;
const CONSENTS = { nfc: 'consentNfc', presence: 'consentPresence', offline: 'consentOffline' } as const;

/** The way: chosen → agreed to → code → shown. `window`: the card says how that goes on. */
type Step =
  | { readonly at: 'choice'; readonly entered: boolean; readonly note: Phrase | null }
  | { readonly at: 'consent' | 'code'; readonly way: Way }
  | { readonly at: 'window' }
  | { readonly at: 'qr'; readonly qr: ShownQr; readonly endsAt: number };

interface ShowTabProps {
  readonly call: Call;
  readonly view: PhoneView;
  readonly refresh: () => void;
}

export function ShowTab({ call, view, refresh }: ShowTabProps) {
  const say = useWords();
  const act = useAct(refresh);
  const [step, setStep] = useState<Step>({ at: 'choice', entered: false, note: null });
  const toChoice = (note: Phrase | null): void => {
    act.clear();
    setStep({ at: 'choice', entered: true, note });
  };
  useGoneWhenHidden(step.at === 'qr', () => toChoice('qrHidden'));

  const withCode = (way: Way, code: string): void =>
    act.run(async () => {
      if (way === 'nfc') {
        await call('POST', '/api/phone/window', { code });
        setStep({ at: 'window' });
      } else {
        const request: QrRequest = { kind: way, code };
        const qr = await call<ShownQr>('POST', '/api/phone/qr', request);
        // While the answer was on its way the page may have gone out of sight.
        if (document.hidden) toChoice('qrHidden');
        else setStep({ at: 'qr', qr, endsAt: performance.now() + qr.remainingMs });
      }
    });

  const isOpen = view.window !== null;
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    if (wasOpen.current && !isOpen) toChoice('windowOver');
    wasOpen.current = isOpen;
  }, [isOpen]);
  if (view.window !== null && step.at !== 'qr') {
    const close = (): void =>
      act.run(async () => {
        await call('DELETE', '/api/phone/window');
      });
    return <OpenWindow window={view.window} say={say} busy={act.busy} onStop={close} onEnd={refresh} />;
  }
  switch (step.at) {
    case 'window':
      return null;
    case 'choice':
      return (
        <Screen key="choice" title={say('showTitle')} entered={step.entered}>
          <LiveRegion>{step.note === null ? null : <StatusLine tone="plain">{say(step.note)}</StatusLine>}</LiveRegion>
          <p>{say('showText')}</p>
          <div class="choices">
            {WAYS.filter((way) => way !== 'nfc' || view.antenna).map((way) => (
              <Button key={way} kind="primary" onPress={() => setStep({ at: 'consent', way })}>
                {say(NAMES[way])}
              </Button>
            ))}
          </div>
        </Screen>
      );
    case 'consent':
      return (
        <Screen key="consent" title={say('consentTitle')} entered>
          <p>{say(CONSENTS[step.way])}</p>
          <div class="row">
            <Button kind="primary" onPress={() => setStep({ at: 'code', way: step.way })}>
              {say('agree')}
            </Button>
            <Button onPress={() => toChoice(null)}>{say('cancel')}</Button>
          </div>
        </Screen>
      );
    case 'code':
      return (
        <CodeScreen
          title={say('typeCode')}
          triesLeft={view.triesLeft}
          act={act}
          onCode={(code) => withCode(step.way, code)}
          onCancel={() => toChoice(null)}
        />
      );
    case 'qr':
      return (
        <Screen key="qr" title={say(step.qr.kind === 'presence' ? 'qrPresenceTitle' : 'qrOfflineTitle')} entered>
          <QrPicture qr={step.qr} label={say('qrName')} />
          <Countdown
            label={say('remaining')}
            endsAt={step.endsAt}
            wholeMs={step.qr.wholeMs}
            onEnd={() => toChoice('qrOver')}
          />
          <div class="row">
            <Button onPress={() => toChoice(null)}>{say('stopShowing')}</Button>
          </div>
        </Screen>
      );
  }
}

interface OpenWindowProps {
  readonly window: PresentationWindow;
  readonly say: Say;
  readonly busy: boolean;
  readonly onStop: () => void;
  readonly onEnd: () => void;
}

function OpenWindow({ window, say, busy, onStop, onEnd }: OpenWindowProps) {
  // The first answer fixes the end; later ones would move it by their time on the way.
  const [endsAt] = useState(() => performance.now() + window.remainingMs);
  return (
    <Screen title={say('windowTitle')} entered>
      <p>{say('windowText')}</p>
      <p class="can">
        <span class="unseen">{say('can')} </span>
        <span aria-hidden="true">{`${window.can.slice(0, 3)} ${window.can.slice(3)}`}</span>
        <span class="unseen">{[...window.can].join(' ')}</span>
      </p>
      <Countdown label={say('remaining')} endsAt={endsAt} wholeMs={window.wholeMs} onEnd={onEnd} />
      <div class="row">
        <Button busy={busy} onPress={onStop}>
          {say('stopShowing')}
        </Button>
      </div>
    </Screen>
  );
}

/** What must not stay on a screen that nobody looks at goes when the page is hidden, left, or put away by the browser. */
export function useGoneWhenHidden(shown: boolean, go: () => void): void {
  // Before it is seen, and without a gap from one render to the next.
  useLayoutEffect(() => {
    if (!shown) return;
    const hidden = (): void => {
      if (document.hidden) go();
    };
    document.addEventListener('visibilitychange', hidden);
    window.addEventListener('pagehide', go);
    return () => {
      document.removeEventListener('visibilitychange', hidden);
      window.removeEventListener('pagehide', go);
    };
  });
}

import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Frame, showOpenPage, showPage } from '../../../web/page/frame.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { Screen } from '../../../web/page/screen.tsx';
import { StatusLine } from '../../../web/page/status-line.tsx';
import { PHONE_REFUSAL_TABLE } from '../refusals.ts';
import { RefusalsOfPage, useWords } from '../say.ts';
import { ServerState } from '../server-state.tsx';
import { Activation } from './activation.tsx';
import { InvoicesTab } from './invoices-tab.tsx';
import { PukCode, PukNote } from './puk.tsx';
import { Returned } from './returned.tsx';
import { SettingsTab } from './settings-tab.tsx';
import { ShowTab } from './show-tab.tsx';
import { type PhoneView, RETURNED_PATH } from './view.ts';
import '../../../web/page/style.css';
import './style.css';

const EVERY_MS = 1000;
const ENDS = { replaced: 'endReplaced', lost: 'endLost', operator: 'endOperator', 'wiped here': 'endHere' } as const;
const TABS = ['show', 'invoices', 'settings'] as const;
const TAB_NAMES = { show: 'tabShow', invoices: 'tabInvoices', settings: 'tabSettings' } as const;

/** The phone: what its holder sees of the card. */
function PhonePage({ call }: { readonly call: Call }) {
  const say = useWords();
  const { view, failure, refresh } = usePolled<PhoneView>(call, '/api/phone', EVERY_MS);
  return (
    <Frame title={say('phoneTitle')} width="narrow">
      <ServerState heard={view !== null} failure={failure} />
      {view === null ? null : <Life call={call} view={view} refresh={refresh} />}
    </Frame>
  );
}

interface LifeProps {
  readonly call: Call;
  readonly view: PhoneView;
  readonly refresh: () => void;
}

function Life({ call, view, refresh }: LifeProps) {
  const say = useWords();
  const [puk, setPuk] = useState<string | null>(null);
  if (puk !== null) return <PukNote call={call} puk={puk} onNoted={() => setPuk(null)} refresh={refresh} />;
  if (view.life === 'active') return <ActiveCard call={call} view={view} refresh={refresh} onPuk={setPuk} />;
  return (
    <>
      {view.life === 'revoked' || view.life === 'wiped' ? (
        <Screen key="end" title={say('endTitle')} entered>
          {view.endedBecause === null ? null : <StatusLine tone="bad">{say(ENDS[view.endedBecause])}</StatusLine>}
          <p>{say('endText')}</p>
        </Screen>
      ) : null}
      <Activation key="activation" call={call} view={view} onActivated={setPuk} refresh={refresh} />
    </>
  );
}

interface ActiveCardProps extends LifeProps {
  readonly onPuk: (puk: string) => void;
}

function ActiveCard({ call, view, refresh, onPuk }: ActiveCardProps) {
  const say = useWords();
  const [tab, setTab] = useState<(typeof TABS)[number]>('show');
  const [atPuk, setAtPuk] = useState(false);
  if (atPuk) {
    const leave = (): void => setAtPuk(false);
    return <PukCode call={call} triesLeft={view.triesLeft} onPuk={onPuk} onCancel={leave} refresh={refresh} />;
  }
  return (
    <>
      <nav class="tabs" aria-label={say('tabs')}>
        {TABS.map((each) => (
          <Button key={each} current={each === tab} onPress={() => setTab(each)}>
            {say(TAB_NAMES[each])}
          </Button>
        ))}
      </nav>
      {view.triesLeft === 0 ? <StatusLine tone="bad">{say('codeBlocked')}</StatusLine> : null}
      {view.pukDue && view.triesLeft !== 0 ? (
        <StatusLine tone="unsure">
          {say('pukDue')} <Button onPress={() => setAtPuk(true)}>{say('pukShow')}</Button>
        </StatusLine>
      ) : null}
      {tab === 'show' ? <ShowTab call={call} view={view} refresh={refresh} /> : null}
      {tab === 'invoices' ? <InvoicesTab call={call} view={view} refresh={refresh} /> : null}
      {tab === 'settings' ? <SettingsTab call={call} view={view} refresh={refresh} /> : null}
    </>
  );
}

const [show, Page] =
  location.pathname === RETURNED_PATH ? ([showOpenPage, Returned] as const) : ([showPage, PhonePage] as const);
show((props) => (
  <RefusalsOfPage value={PHONE_REFUSAL_TABLE}>
    <Page {...props} />
  </RefusalsOfPage>
));

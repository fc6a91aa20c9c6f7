import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Frame, showPage } from '../../../web/page/frame.tsx';
import { BenchesPanel } from './benches-panel.tsx';
import { CampaignsPanel } from './campaign-panel.tsx';
import { useWords } from './parts.tsx';
import { RunPanel } from './run-panel.tsx';
import { SearchPanel } from './search-panel.tsx';
import '../../../web/page/style.css';
import './style.css';

const TABS = ['tabCampaigns', 'tabBenches', 'tabSearch'] as const;
type Tab = (typeof TABS)[number];

/** The lab as people see it: campaigns that fill, benches, one run, search. */
function LabPage({ call }: { readonly call: Call }) {
  const say = useWords();
  const [tab, show] = useState<Tab>('tabCampaigns');
  const [run, openRun] = useState<string | null>(null);
  return (
    <Frame title={say('labTitle')}>
      <nav class="tabs" aria-label={say('tabs')}>
        {TABS.map((each) => (
          <Button
            key={each}
            current={each === tab}
            onPress={() => {
              openRun(null);
              show(each);
            }}
          >
            {say(each)}
          </Button>
        ))}
      </nav>
      {/* What is under a run stays as it was left. */}
      <div hidden={run !== null}>
        {tab === 'tabCampaigns' ? <CampaignsPanel call={call} openRun={openRun} /> : null}
        {tab === 'tabBenches' ? <BenchesPanel call={call} /> : null}
        {tab === 'tabSearch' ? <SearchPanel call={call} openRun={openRun} /> : null}
      </div>
      {run === null ? null : <RunPanel call={call} id={run} leave={() => openRun(null)} />}
    </Frame>
  );
}

showPage((props) => <LabPage {...props} />);

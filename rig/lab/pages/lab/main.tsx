import { useState } from 'preact/hooks';
import { Button } from '../../../web/page/button.tsx';
import { Frame, showOpenPage } from '../../../web/page/frame.tsx';
import { BenchesPanel } from './benches-panel.tsx';
import { CampaignsPanel } from './campaigns-panel.tsx';
import { CasePanel } from './case-panel.tsx';
import { ComparePanel } from './compare-panel.tsx';
import { FilePanel } from './file-panel.tsx';
import { LiveProvider } from './live.tsx';
import { MatrixPanel } from './matrix-panel.tsx';
import { LabScreen, Link, useWords, WindowTitle } from './parts.tsx';
import { addressOf, type Route, START, useRoute } from './route.ts';
import { RunPanel } from './run-panel.tsx';
import { RunsPanel } from './runs-panel.tsx';
import { SearchPanel } from './search-panel.tsx';
import { type Session, WithToken } from './session.tsx';
import '../../../web/page/style.css';
import './style.css';

const TABS = [
  { to: START, words: 'tabCampaigns', pages: ['campaigns', 'campaign', 'runs', 'run', 'case', 'file'] },
  { to: { page: 'benches', name: null }, words: 'tabBenches', pages: ['benches'] },
  { to: { page: 'compare', first: null, second: null }, words: 'tabCompare', pages: ['compare'] },
  { to: { page: 'search', words: '' }, words: 'tabSearch', pages: ['search'] },
] as const satisfies readonly { to: Route; words: string; pages: readonly Route['page'][] }[];

/** The lab as people see it: campaigns that fill, runs with their reports and traces, benches, comparisons, search. */
function LabPage() {
  const say = useWords();
  const [name, setName] = useState('');
  const title = say('labTitle');
  return (
    <Frame title={title} width="wide" windowTitle={name === '' ? title : `${name} · ${title}`}>
      <WindowTitle.Provider value={setName}>
        <WithToken>
          {(session) => (
            <LiveProvider call={session.call}>
              <Lab {...session} />
            </LiveProvider>
          )}
        </WithToken>
      </WindowTitle.Provider>
    </Frame>
  );
}

function Lab(session: Session) {
  const say = useWords();
  const { route, entered } = useRoute();
  const { role, isOperator, forget } = session;
  return (
    <>
      <nav class="tabs" aria-label={say('tabs')}>
        {TABS.map(({ to, words, pages }) => (
          <Link
            key={words}
            to={to}
            className="button"
            current={(pages as readonly Route['page'][]).includes(route.page)}
          >
            {say(words)}
          </Link>
        ))}
      </nav>
      {/* An operator's buttons would move what a viewer's page had already shown: the role is known first. */}
      <div class="content">{role !== null && <Panel session={session} route={route} entered={entered} />}</div>
      <div class="row session">
        <span class="hint">{role === null ? '' : say(isOperator ? 'asOperator' : 'asViewer')}</span>
        <Button onPress={forget}>{say('forget')}</Button>
      </div>
    </>
  );
}

interface PanelProps {
  readonly session: Session;
  readonly route: Route;
  readonly entered: boolean;
}

/** Each address has a panel of its own: what one showed is not seen under another's title. */
function Panel({ session, route, entered }: PanelProps) {
  const say = useWords();
  const shared = { session, entered };
  switch (route.page) {
    case 'campaigns':
      return <CampaignsPanel key={addressOf(route)} {...shared} before={route.before} />;
    case 'campaign':
      return <MatrixPanel key={JSON.stringify([route.id, route.after])} {...shared} route={route} />;
    case 'runs':
      return <RunsPanel key={addressOf(route)} {...shared} route={route} />;
    case 'run':
      return <RunPanel key={route.id} {...shared} id={route.id} />;
    case 'case':
      return <CasePanel key={addressOf(route)} {...shared} route={route} />;
    case 'file':
      return <FilePanel key={addressOf(route)} {...shared} run={route.run} name={route.name} />;
    case 'benches':
      return <BenchesPanel {...shared} name={route.name} />;
    case 'compare':
      return <ComparePanel {...shared} first={route.first} second={route.second} />;
    case 'search':
      return <SearchPanel {...shared} words={route.words} />;
    case 'unknown':
      return (
        <LabScreen title={say('unknownTitle')} entered={entered}>
          <p>{say('unknownLead')}</p>
          <Link to={START}>{say('tabCampaigns')}</Link>
        </LabScreen>
      );
  }
}

showOpenPage(() => <LabPage />);

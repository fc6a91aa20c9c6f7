import { useLayoutEffect, useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Frame, showPage } from '../../../web/page/frame.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { StatusLine } from '../../../web/page/status-line.tsx';
import { COUNTER_REFUSAL_TABLE } from '../refusals.ts';
import { RefusalsOfPage, useWords } from '../say.ts';
import { ServerState } from '../server-state.tsx';
import { ClaimPanel } from './claim-panel.tsx';
import { PresentPanel } from './present-panel.tsx';
import { QueuePanel } from './queue-panel.tsx';
import { ReadingPanel } from './reading-panel.tsx';
import type { CounterReading, CounterView } from './view.ts';
import '../../../web/page/style.css';
import './style.css';

const EVERY_MS = 2000;

/** The counter: who is here, are rights open, since when is this known, and the claim. */
function CounterPage({ call }: { readonly call: Call }) {
  const say = useWords();
  const { view, failure, refresh } = usePolled<CounterView>(call, '/api/counter', EVERY_MS);
  const [reading, setReading] = useState<CounterReading | null>(null);
  const [readings, setReadings] = useState(0);
  useLayoutEffect(() => {
    // A page that the browser puts away must not come back with a person on it.
    const gone = (): void => setReading(null);
    window.addEventListener('pagehide', gone);
    return () => window.removeEventListener('pagehide', gone);
  }, []);
  const read = (found: CounterReading | null): void => {
    setReading(found);
    setReadings((before) => before + 1);
  };
  return (
    <Frame title={say('counterTitle')}>
      <ServerState heard={view !== null} failure={failure} />
      {view === null ? null : (
        <>
          <p class="hint">
            {view.issuer === null ? say('issuerNone') : say('issuerIs', { issuer: view.issuer })}
            {view.reader === null ? '' : ` · ${say('tapReader', { reader: view.reader })}`}
          </p>
          {view.offline ? <StatusLine tone="unsure">{say('offline')}</StatusLine> : null}
          <div class="columns">
            <PresentPanel call={call} view={view} onReading={read} refresh={refresh} />
            <div class="person">
              <ReadingPanel key={readings} reading={reading} onNext={() => read(null)} />
              {reading === null || reading.people.length === 0 ? null : (
                <ClaimPanel key={`claim-${readings}`} call={call} reading={reading} view={view} refresh={refresh} />
              )}
            </div>
            <QueuePanel call={call} view={view} refresh={refresh} />
          </div>
        </>
      )}
    </Frame>
  );
}

showPage((props) => (
  <RefusalsOfPage value={COUNTER_REFUSAL_TABLE}>
    <CounterPage {...props} />
  </RefusalsOfPage>
));

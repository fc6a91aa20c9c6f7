import { useCallback, useState } from 'preact/hooks';
import { Button } from '../../../web/page/button.tsx';
import { Choice, Field } from '../../../web/page/field.tsx';
import type { Cell, Matrix } from '../../api/campaign.ts';
import { Confirm } from './confirm.tsx';
import { type Change, useLive } from './live.tsx';
import { MatrixTable } from './matrix-table.tsx';
import { PageLinks } from './page-links.tsx';
import {
  CountsBar,
  countInWords,
  countsInWords,
  Failure,
  LabScreen,
  Link,
  leadingState,
  refusalInWords,
  StateMark,
  useTimes,
  useWords,
} from './parts.tsx';
import { type Route, SHOWN_CELLS, type ShownCells, START, STATES, stayAt } from './route.ts';
import type { Session } from './session.tsx';

const EVERY_MS = 1000;

interface MatrixProps {
  readonly session: Session;
  readonly entered: boolean;
  readonly route: Extract<Route, { page: 'campaign' }>;
}

/** A campaign as its matrix, cards by suites, which fills while it runs. */
export function MatrixPanel({ session: { call, isOperator }, entered, route }: MatrixProps) {
  const say = useWords();
  const time = useTimes();
  const { id } = route;
  const [asking, ask] = useState(false);
  const isOfIt = useCallback(
    ({ event, data }: Change) => (event === 'run' || event === 'campaign') && data.campaign === id,
    [id],
  );
  const { view, failure, refresh } = useLive<Matrix>(call, pathOf(route), isOfIt, EVERY_MS);
  const title = view === null ? say('campaignNumber', { id }) : say('campaign', { id, name: view.campaign.name });
  const counts = view?.campaign.counts ?? null;
  const open = counts === null ? 0 : counts.queued + counts.running;
  const cancel = async (): Promise<string | null> => {
    try {
      await call('POST', `/v1/campaigns/${id}/cancel`, {});
    } catch (error) {
      return refusalInWords(say, error);
    }
    refresh();
    return null;
  };
  return (
    <LabScreen title={title} entered={entered} above={[{ to: START, words: say('tabCampaigns') }]}>
      <Failure heard={view !== null} failure={failure} />
      {view === null || counts === null ? null : (
        <>
          <p class="counts">
            <StateMark state={leadingState(counts)} /> <span>{countsInWords(say, counts)}</span>
          </p>
          <CountsBar counts={counts} />
          <p class="hint">
            {say('submittedAt', { time: time(view.campaign.submittedAt) })}
            {view.campaign.endedAt === null ? '' : ` · ${say('endedAt', { time: time(view.campaign.endedAt) })}`}
            {view.campaign.retries === 0 ? '' : ` · ${say('retries', { count: view.campaign.retries })}`}
          </p>
          <div class="row">
            {STATES.filter((state) => counts[state] > 0 && state !== 'passed').map((state) => (
              <Link
                key={state}
                to={{ page: 'runs', campaign: id, subject: null, suite: null, state, after: 0 }}
                className="button"
              >
                {say('showState', { runs: countInWords(say, state, counts[state]) })}
              </Link>
            ))}
            <Link to={{ page: 'compare', first: null, second: id }} className="button">
              {say('compareThis')}
            </Link>
            {open > 0 && isOperator ? (
              <Button kind="danger" onPress={() => ask(true)}>
                {say('cancelCampaign')}
              </Button>
            ) : null}
          </div>
          <Cells matrix={view} route={route} />
          {asking ? (
            <Confirm
              title={say('cancelTitle', { name: view.campaign.name })}
              act={say('cancelSure', { count: open })}
              onAct={cancel}
              close={() => ask(false)}
            >
              <p>{say('cancelLead')}</p>
            </Confirm>
          ) : null}
        </>
      )}
    </LabScreen>
  );
}

function pathOf({ id, after }: MatrixProps['route']): string {
  if (after == null) return `/v1/campaigns/${id}`;
  return `/v1/campaigns/${id}?${new URLSearchParams({ afterSubject: after.subject, afterSuite: after.suite })}`;
}

/** With more subjects and suites than these together it helps to look for some. */
const FEW = 12;

const SHOWS: Readonly<Record<ShownCells, (cell: Cell) => boolean>> = {
  all: () => true,
  bad: ({ failed, error }) => failed + error > 0,
  open: ({ queued, running }) => queued + running > 0,
};
const SHOW_WORDS = { all: 'cellsAll', bad: 'cellsBad', open: 'cellsOpen' } as const;

interface CellsProps {
  readonly matrix: Matrix;
  readonly route: MatrixProps['route'];
}

function Cells({ matrix, route }: CellsProps) {
  const say = useWords();
  const { id, cells: shown } = route;
  const [words, setWords] = useState('');
  const { subjects, suites, cells } = matrix;
  const has = (text: string): boolean => text.toLowerCase().includes(words.trim().toLowerCase());
  const chosen = cells.filter((cell) => SHOWS[shown](cell) && (has(cell.subject) || has(cell.suite)));
  const filters = subjects.length + suites.length > FEW || shown !== 'all';
  return (
    <>
      {filters ? (
        <div class="filters">
          <Choice
            label={say('cellsShown')}
            value={shown}
            options={SHOWN_CELLS.map((value) => ({ value, words: say(SHOW_WORDS[value]) }))}
            onValue={(cells) => stayAt({ ...route, cells })}
          />
          <Field label={say('cellsWords')} value={words} onValue={setWords} maxLength={100} />
        </div>
      ) : null}
      {chosen.length === 0 ? <p>{say('cellsNone')}</p> : <MatrixTable campaign={id} matrix={matrix} cells={chosen} />}
      <PageLinks
        first={route.after == null ? null : { ...route, after: null }}
        next={matrix.after === null ? null : { ...route, after: matrix.after }}
        onward="matrixGoesOn"
      />
    </>
  );
}

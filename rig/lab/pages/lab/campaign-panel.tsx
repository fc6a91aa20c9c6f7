import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { Screen } from '../../../web/page/screen.tsx';
import { StatusLine } from '../../../web/page/status-line.tsx';
import type { CampaignSummary, Cell, Matrix } from '../../api/campaign.ts';
import type { RunPage } from '../../api/run.ts';
import { countsInWords, Failure, RunList, toneOf, useAsked, useWords } from './parts.tsx';

const EVERY_MS = 1000;
const LIST_EVERY_MS = 3000;

interface Opening {
  readonly call: Call;
  readonly openRun: (id: string) => void;
}

/** The newest campaigns; one that is chosen is shown as its matrix. */
export function CampaignsPanel({ call, openRun }: Opening) {
  const say = useWords();
  const [chosen, choose] = useState<number | null>(null);
  const { view, failure } = usePolled<{ campaigns: readonly CampaignSummary[] }>(call, '/v1/campaigns', LIST_EVERY_MS);
  if (chosen !== null) return <MatrixPanel call={call} openRun={openRun} id={chosen} leave={() => choose(null)} />;
  return (
    <Screen title={say('tabCampaigns')}>
      <Failure heard={view !== null} failure={failure} />
      {view?.campaigns.length === 0 ? <p>{say('noCampaigns')}</p> : null}
      <ul class="plain">
        {view?.campaigns.map((campaign) => (
          <li key={campaign.id}>
            <button type="button" class="link" onClick={() => choose(campaign.id)}>
              {say('campaign', { id: campaign.id, name: campaign.name })}
            </button>
            <StatusLine tone={toneOf(campaign.counts)}>{countsInWords(say, campaign.counts)}</StatusLine>
          </li>
        ))}
      </ul>
    </Screen>
  );
}

function MatrixPanel({ call, openRun, id, leave }: Opening & { readonly id: number; readonly leave: () => void }) {
  const say = useWords();
  const [cell, chooseCell] = useState<Cell | null>(null);
  const { view, failure, refresh } = usePolled<Matrix>(call, `/v1/campaigns/${id}`, EVERY_MS);
  if (cell !== null)
    return <CellPanel call={call} openRun={openRun} id={id} cell={cell} leave={() => chooseCell(null)} />;
  const title = view === null ? say('tabCampaigns') : say('campaign', { id, name: view.campaign.name });
  return (
    <Screen title={title} entered>
      <Button onPress={leave}>{say('back')}</Button>
      <Failure heard={view !== null} failure={failure} />
      {view === null ? null : (
        <>
          <StatusLine tone={toneOf(view.campaign.counts)}>
            {countsInWords(say, view.campaign.counts)}
            {view.campaign.retries === 0 ? '' : `; ${say('retries', { count: view.campaign.retries })}`}
          </StatusLine>
          <MatrixTable matrix={view} choose={chooseCell} />
          {view.campaign.counts.queued + view.campaign.counts.running === 0 ? null : (
            <CancelButton call={call} id={id} after={refresh} />
          )}
        </>
      )}
    </Screen>
  );
}

function MatrixTable({ matrix, choose }: { readonly matrix: Matrix; readonly choose: (cell: Cell) => void }) {
  const say = useWords();
  const cells = new Map(matrix.cells.map((cell) => [JSON.stringify([cell.subject, cell.suite]), cell]));
  return (
    <table class="matrix">
      <thead>
        <tr>
          <th scope="col">{say('subject')}</th>
          {matrix.suites.map((suite) => (
            <th key={suite} scope="col">
              {suite}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matrix.subjects.map((subject) => (
          <tr key={subject}>
            <th scope="row">{subject}</th>
            {matrix.suites.map((suite) => {
              const cell = cells.get(JSON.stringify([subject, suite]));
              if (cell === undefined) return <td key={suite} class="empty" />;
              return (
                <td key={suite}>
                  <button type="button" class={`cell ${toneOf(cell)}`} onClick={() => choose(cell)}>
                    <span class="suite">{suite}</span>
                    <span>{countsInWords(say, cell)}</span>
                  </button>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface CellProps extends Opening {
  readonly id: number;
  readonly cell: Cell;
  readonly leave: () => void;
}

function CellPanel({ call, openRun, id, cell: { subject, suite }, leave }: CellProps) {
  const say = useWords();
  const [after, goOn] = useState(0);
  const query = new URLSearchParams({ subject, suite, after: String(after) });
  const { view, failure } = useAsked<RunPage>(call, `/v1/campaigns/${id}/runs?${query}`);
  const next = view?.after ?? null;
  return (
    <Screen title={say('runsOf', { subject, suite })} entered>
      <Button onPress={leave}>{say('back')}</Button>
      <Failure heard={view !== null} failure={failure} />
      <RunList runs={view?.runs ?? []} open={openRun} />
      {next === null ? null : <Button onPress={() => goOn(next)}>{say('more')}</Button>}
    </Screen>
  );
}

interface CancelProps {
  readonly call: Call;
  readonly id: number;
  readonly after: () => void;
}

/** Asks once more: what is cancelled stays so. */
function CancelButton({ call, id, after }: CancelProps) {
  const say = useWords();
  const [sure, beSure] = useState(false);
  const [fault, setFault] = useState('');
  const cancel = (): void => {
    if (!sure) {
      beSure(true);
      return;
    }
    call('POST', `/v1/campaigns/${id}/cancel`, {})
      .catch((error: Error) => setFault(say('refused', { message: error.message })))
      .finally(after);
  };
  return (
    <div class="row">
      <Button kind="danger" onPress={cancel}>
        {say(sure ? 'cancelSure' : 'cancelCampaign')}
      </Button>
      {fault === '' ? null : <p class="fault">{fault}</p>}
    </div>
  );
}
